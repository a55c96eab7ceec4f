/** The command line at a terminal where somebody sits and types. */
import { PassThrough } from 'node:stream';
import { runCommand } from '../../client/src/cli/program.ts';
import type { Terminal } from '../../client/src/cli/terminal.ts';

/** What is typed once a text is on the screen; it may depend on all that was shown. */
export type Typed = readonly [seen: string, typed: string | ((screen: string) => string)];

export interface Seen {
  readonly exit: number;
  /** Both streams in the order in which they came. */
  readonly screen: string;
}

/** Runs `holdfast` and types each answer in turn. */
export async function holdfastTyped(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  answers: readonly Typed[],
): Promise<Seen> {
  let screen = '';
  let looked = 0;
  const left = [...answers];
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });

  function look(): void {
    const [next] = left;
    const at = next === undefined ? -1 : screen.indexOf(next[0], looked);
    if (next === undefined || at < 0) return;
    looked = at + next[0].length;
    left.shift();
    const [, typed] = next;
    // whoever asks listens by then
    setImmediate(() => stdin.write(typeof typed === 'string' ? typed : typed(screen)));
  }

  const shown = () => {
    const stream = Object.assign(new PassThrough(), {
      isTTY: true,
      columns: 100,
      cursorTo: () => true,
      moveCursor: () => true,
      clearLine: () => true,
    });
    stream.on('data', (chunk: Buffer) => {
      screen += chunk.toString();
      look();
    });
    return stream as unknown as NodeJS.WriteStream;
  };
  const terminal = {
    env,
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: shown(),
    stderr: shown(),
  } satisfies Terminal;
  const exit = await runCommand(argv, terminal);
  if (left.length > 0) throw new Error(`never asked for ${left[0]?.[0]}: ${screen}`);
  return { exit, screen };
}
