/** Whether what a program said was durable when it said it: read from a recording. */
import { sureFrom, type Recording } from './recording.ts';

/** LevelDB's own diary, which nothing is read from; and what only waits to be given its name. */
const UNIMPORTANT = /\/LOG(?:\.old)?$|\/LOCK$|\/\.temp(?:\/|$)|\.dbtmp$|\/\.[0-9a-f-]{36}$/;

/**
 * The first line that the program said while bytes or names it had written before were not sure to be on disk: the
 * program does one thing at a time, so whatever it wrote belongs to what it says.
 */
export function firstUndurable(recording: Recording): string | undefined {
  for (const { start, text } of recording.said) {
    const late = undurableAt(recording, start);
    if (late !== undefined) return `${late} when it said ${text.trim()}`;
  }
  return undefined;
}

const undurableAt = (recording: Recording, time: number): string | undefined =>
  unsureName(recording, time) ?? unsureBytes(recording, time);

function unsureName(recording: Recording, time: number): string | undefined {
  for (const change of recording.names) {
    const { kind, path, end } = change;
    if (end > time || UNIMPORTANT.test(path) || sureFrom(recording, change) <= time) continue;
    if (!isUndone(recording, path, end, time)) return `${kind} ${path} was not synced`;
  }
  return undefined;
}

function unsureBytes(recording: Recording, time: number): string | undefined {
  for (const file of recording.files) {
    const path = recording.names.find((change) => change.file === file)?.path ?? '';
    if (UNIMPORTANT.test(path) && !path.includes('/.temp/')) continue;
    const last = file.writes.findLast(({ end }) => end <= time)?.end;
    if (last === undefined) continue;
    const isSure = file.syncs.some(({ start, end }) => start > last && end <= time);
    if (!isSure && !isUndone(recording, path, last, time)) return `${path} was not synced`;
  }
  return undefined;
}

/** Whether the name went away again before `time`. */
const isUndone = ({ names }: Recording, path: string, after: number, time: number): boolean =>
  names.some(
    (change) =>
      change.kind === 'remove' && change.path === path && change.end > after && change.end <= time,
  );
