/**
 * A LevelDB whose writes are on disk when they resolve, also after one that failed.
 *
 * LevelDB goes on writing behind a record that the disk took only in part, and after a crash reads nothing behind it:
 * writes that it has acknowledged since are lost. So nothing is written after a failure before the database has been
 * opened anew, which ends its log where it is whole.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { ClassicLevel, type BatchOperation } from 'classic-level';
import { errnoOf, makeFolder, syncFolder } from './durable-file.ts';

type Level = ClassicLevel<string, Uint8Array>;
export type Operation = BatchOperation<Level, string, Uint8Array>;

export interface Database {
  /** For reading. */
  readonly level: Level;
  /** All of it or nothing; durable when resolved. @throws `STORE_FULL`, `STORAGE_UNREACHABLE`. */
  write(operations: readonly Operation[]): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly operations: readonly Operation[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** When a database that could not be opened anew is tried again, milliseconds. */
const AGAIN_MS = 500;

/**
 * Opens the database, making it where it is new. One process a folder.
 *
 * @param format - version of what is kept in it.
 * @throws `STORAGE_UNREACHABLE` where another process has it open, or it has another format.
 */
export async function openDatabase(folder: string, format: string): Promise<Database> {
  await makeFolder(folder);
  if (!existsSync(join(folder, 'CURRENT'))) await create(folder);
  const level: Level = new ClassicLevel(folder, { valueEncoding: 'view' });
  await open(level, folder);
  await checkFormat(level, folder, format);
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let isSound = true;
  let again: NodeJS.Timeout | undefined;

  const write: Database['write'] = (operations) =>
    new Promise((resolve, reject) => {
      waiting.push({ operations, resolve, reject });
      writing ??= writeAll();
    });

  /** Who comes while the disk is busy shares the next write. */
  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        if (!isSound) {
          await expectRoom(folder);
          await reopen(level, folder);
        }
        isSound = false;
        const operations = group.flatMap((each) => each.operations);
        await level.batch(operations, { sync: true });
        isSound = true;
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(unwritten(folder, error));
        // who only reads would wait for a write for ever
        if (level.status !== 'open') {
          clearTimeout(again);
          again = setTimeout(() => void write([]).catch(() => undefined), AGAIN_MS).unref();
        }
      }
    }
    writing = undefined;
  }

  return {
    level,
    write,
    async close() {
      await writing;
      clearTimeout(again);
      await level.close();
    },
  };
}

/** Makes an empty database apart and names it when it is whole: LevelDB names a first manifest that is not yet on disk. */
async function create(folder: string): Promise<void> {
  const apart = `${folder}.new`;
  await rm(apart, { recursive: true, force: true });
  const level: Level = new ClassicLevel(apart);
  await open(level, apart);
  await level.close();
  try {
    await rename(apart, folder);
  } catch (cause) {
    throw unopened(folder, cause);
  }
  await syncFolder(dirname(folder));
}

async function checkFormat(level: Level, folder: string, expected: string): Promise<void> {
  const text = { valueEncoding: 'utf8' } as const;
  const found = await level.get<string, string>('format', text);
  if (found === expected) return;
  if (found === undefined) {
    await level.put<string, string>('format', expected, { ...text, sync: true });
    return;
  }
  await level.close();
  const detail = `${folder} has format ${found}, and this version reads ${expected}`;
  throw new HoldfastError('STORAGE_UNREACHABLE', detail);
}

async function open(level: Level, folder: string): Promise<void> {
  try {
    await level.open();
  } catch (cause) {
    throw unopened(folder, cause);
  }
  // LevelDB names its newest manifest by a rename that it leaves to the system
  await syncFolder(folder);
}

/** For a manifest and what else an opening writes, bytes. */
const SPARE_BYTES = 65_536;

/** A database that could not be opened anew for lack of room could not be read either: it stays open until there is some. */
async function expectRoom(folder: string): Promise<void> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log'));
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(folder, name))).size));
  // what the log holds is written once more
  const needed = sizes.reduce((sum, size) => sum + size, SPARE_BYTES);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed) throw full(folder, undefined);
}

async function reopen(level: Level, folder: string): Promise<void> {
  await level.close();
  await open(level, folder);
}

function unopened(folder: string, cause: unknown): HoldfastError {
  const reason = (cause as { cause?: unknown }).cause;
  if (isFull(reason)) return full(folder, cause);
  const detail =
    errnoOf(reason) === 'LEVEL_LOCKED'
      ? `${folder} is open in another process`
      : `${folder} cannot be opened`;
  return new HoldfastError('STORAGE_UNREACHABLE', detail, { cause });
}

function unwritten(folder: string, error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  return isFull(error)
    ? full(folder, error)
    : new HoldfastError('STORAGE_UNREACHABLE', `${folder} cannot be written`, { cause: error });
}

const full = (folder: string, cause: unknown): HoldfastError =>
  new HoldfastError('STORE_FULL', `the disk of ${folder} has no space left`, { cause });

/** LevelDB passes on the system's text only. */
const isFull = (error: unknown): boolean =>
  error instanceof Error && /No space left on device|Disk quota exceeded/.test(error.message);
