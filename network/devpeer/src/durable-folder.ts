/**
 * Folders whose names are on disk, and the names in them.
 *
 * @module
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a folder and those above it, readable by their owner only, all of their names durable. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Opens a database of LevelDB in its folder, whose names are on disk then.
 *
 * @throws when another process has the folder open.
 */
export async function openIn(folder: string, database: { open(): Promise<void> }): Promise<void> {
  await makeFolder(folder);
  try {
    await database.open();
  } catch (cause) {
    throw new Error(`cannot open ${folder}: is another ledger running on it?`, { cause });
  }
  // LevelDB names its newest manifest by a rename that it leaves to the system
  await syncFolder(folder);
}
