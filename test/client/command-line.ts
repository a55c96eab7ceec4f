/** The command line in this process, on streams that remember. */
import { PassThrough, Readable } from 'node:stream';
import { runCommand } from '../../client/src/cli/program.ts';
import type { Terminal } from '../../client/src/cli/terminal.ts';

export interface Ran {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of standard output as JSON. */
  readonly json: () => readonly Readonly<Record<string, unknown>>[];
}

/** Runs `holdfast` with these arguments where nobody can be asked. */
export async function holdfast(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  typed = '',
): Promise<Ran> {
  const [stdout, stderr] = [newStream(), newStream()];
  const terminal = {
    env,
    stdin: Readable.from([typed]) as NodeJS.ReadStream,
    stdout: stdout.stream,
    stderr: stderr.stream,
  } satisfies Terminal;
  const exit = await runCommand(argv, terminal);
  return {
    exit,
    stdout: stdout.text(),
    stderr: stderr.text(),
    json: () =>
      stdout
        .text()
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

function newStream() {
  const chunks: string[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => chunks.join('') };
}
