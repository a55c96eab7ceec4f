/**
 * What a disk may hold after the power went at a moment of a recording. Bytes are sure to be there once an fsync that
 * began after them has come back, names once one of their folder has; a new file's name also with the file itself, as
 * ext4, XFS and Btrfs keep it and LevelDB relies on. Of the rest any beginning may have arrived, its last piece torn.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import {
  moveAll,
  sureFrom,
  type NameChange,
  type RecordedFile,
  type Recording,
} from './recording.ts';

const SECTOR = 512;

export interface Fate {
  /** The power goes behind this line of the recording. */
  readonly time: number;
  /** Draws a number below another. */
  readonly below: (limit: number) => number;
}

/** Writes the folder `from` of the recording as it may be found, to `to`. */
export async function writeImage(
  recording: Recording,
  { from, to }: { readonly from: string; readonly to: string },
  fate: Fate,
): Promise<void> {
  const { files, folders } = namesAt(recording, fate);
  await mkdir(to, { recursive: true });
  for (const folder of folders.keys())
    await mkdir(join(to, relative(from, folder)), { recursive: true });
  for (const [path, file] of files) {
    const parent = dirname(path);
    if (parent !== from && !folders.has(parent)) continue;
    await writeFile(join(to, relative(from, path)), bytesAt(file, fate));
  }
}

function namesAt(recording: Recording, { time, below }: Fate) {
  const done = recording.names.filter(({ end }) => end <= time);
  const unsure = done.filter((change) => sureFrom(recording, change) > time);
  // none, all, or some first of what is not sure
  const kept = new Set(unsure.slice(0, [0, unsure.length, below(unsure.length + 1)][below(3)]));
  const files = new Map<string, RecordedFile>();
  const folders = new Map<string, true>();
  const lookUp = new Map<string, RecordedFile>();
  for (const change of done) {
    // what a name stands for is known even where the name itself is lost
    const file = change.file ?? lookUp.get(change.from ?? '');
    if (change.kind === 'rename' && change.from !== undefined) {
      moveAll(lookUp, change.from, change.path);
    }
    if (file !== undefined) lookUp.set(change.path, file);
    if (unsure.includes(change) && !kept.has(change)) continue;
    apply(change, file, files, folders);
  }
  return { files, folders };
}

function apply(
  { kind, path, from }: NameChange,
  file: RecordedFile | undefined,
  files: Map<string, RecordedFile>,
  folders: Map<string, true>,
): void {
  if (kind === 'folder') folders.set(path, true);
  if (kind === 'remove') {
    files.delete(path);
    folders.delete(path);
  }
  if (kind === 'rename' && from !== undefined) {
    moveAll(files, from, path);
    moveAll(folders, from, path);
  }
  if (file !== undefined) files.set(path, file);
}

/** The bytes that are sure, and as many of the others as fate lets arrive: cut at a sector, or zeros from there on. */
function bytesAt({ writes, syncs }: RecordedFile, { time, below }: Fate): Buffer {
  const done = writes.filter(({ end }) => end <= time);
  const lastSync = Math.max(0, ...syncs.filter(({ end }) => end <= time).map(({ start }) => start));
  const sure = done
    .filter(({ end }) => end < lastSync)
    .reduce((n, { bytes }) => n + bytes.length, 0);
  const all = Buffer.concat(done.map(({ bytes }) => bytes));
  const torn = Math.floor((sure + below(all.length - sure + 1)) / SECTOR) * SECTOR;
  const cut = Math.max(sure, [sure, all.length, torn][below(3)] ?? sure);
  const arrived = all.subarray(0, cut);
  return below(4) === 0 ? Buffer.concat([arrived], all.length) : arrived;
}
