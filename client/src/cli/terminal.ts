/**
 * What the command line sees of the world around it.
 *
 * @module
 */
import { createInterface } from 'node:readline';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Pool } from '@holdfast/protocol/pool.js';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Where files are sealed and tagged; inline unless given. */
  readonly pool?: Pool;
}

/** Whether a question can be answered. */
export const canAsk = ({ stdin, stderr }: Terminal): boolean => stdin.isTTY && stderr.isTTY;

/**
 * Asks, and returns the line that was typed.
 *
 * @param missing - what to give instead where nobody can be asked, such as `HOLDFAST_PASSWORD`.
 * @throws `INPUT_INVALID` naming it.
 */
export async function ask(
  terminal: Terminal,
  question: string,
  missing: string,
  { hidden = false }: { readonly hidden?: boolean } = {},
): Promise<string> {
  if (!canAsk(terminal)) {
    throw new HoldfastError(
      'INPUT_INVALID',
      `${missing} is missing, and standard input is no terminal`,
    );
  }
  return hidden ? readHidden(terminal, question) : readLine(terminal, question);
}

function readLine({ stdin, stderr }: Terminal, question: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: true });
  lines.setPrompt(question);
  lines.prompt();
  return new Promise((resolve, reject) => {
    lines.once('SIGINT', () => {
      lines.close();
      reject(new Interrupted());
    });
    lines.once('line', (line) => {
      lines.close();
      resolve(line);
    });
  });
}

const ENTER = ['\r', '\n'];
const ERASE = ['\u007f', '\b'];
const INTERRUPT = '\u0003';

/** A line that is not shown: the terminal is told so before anybody can type. */
function readHidden({ stdin, stderr }: Terminal, question: string): Promise<string> {
  stdin.setRawMode(true);
  stdin.setEncoding('utf8');
  stdin.resume();
  stderr.write(question);
  let line = '';
  return new Promise<string>((resolve, reject) => {
    const onLetters = (text: string): void => {
      for (const letter of text) {
        if (letter === INTERRUPT) return end(() => reject(new Interrupted()));
        if (ENTER.includes(letter)) return end(() => resolve(line));
        line = ERASE.includes(letter) ? line.slice(0, -1) : line + letter;
      }
    };
    const end = (then: () => void): void => {
      stdin.off('data', onLetters);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write('\n');
      then();
    };
    stdin.on('data', onLetters);
  });
}

/** Ctrl-C. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}
