/** Whether a gateway's answers to an upload came before what it had written was on disk: read from its system calls. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseTrace, TRACING } from './recording.ts';
import { firstUndurable } from './write-order.ts';

/** The program that a gateway is run under; the gateway keeps the process number, and is traced by a child of its own. */
export const recordingTo = (trace: string): readonly string[] => [
  'strace',
  '-D',
  ...TRACING,
  '-o',
  trace,
];

/** The end of the trace of a gateway that has ended. */
async function whole(trace: string): Promise<string> {
  for (;;) {
    const text = await readFile(trace, 'latin1');
    if (/\+\+\+ exited with \d+ \+\+\+\n$/.test(text)) return text;
    await delay(50);
  }
}

/** What says that bytes, tags or a card have come (204), or that the file is accepted. */
const ACKNOWLEDGES = /^HTTP\/1\.1 (?:204 No Content\r\n[^]*Date|200 OK[^]*"acceptance":)/;

/**
 * @param folders - of what an upload leaves on disk.
 * @returns how many answers acknowledged a part of it, and the first that came too early.
 */
export async function earlyAnswers(trace: string, folders: readonly string[]) {
  const text = await whole(trace);
  let answers = 0;
  for (const folder of folders) {
    const recording = parseTrace(text, folder);
    const said = recording.said.filter((each) => ACKNOWLEDGES.test(each.text));
    answers = said.length;
    const early = firstUndurable({ ...recording, said });
    if (early !== undefined) return { answers, early: early.split('\r\n')[0] };
  }
  return { answers, early: undefined };
}
