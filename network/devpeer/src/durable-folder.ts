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
 * @throws when another process has the folder open, or it cannot be read.
 */
export async function openIn(folder: string, database: { open(): Promise<void> }): Promise<void> {
  await makeFolder(folder);
  try {
    await database.open();
  } catch (error) {
    // the package's own error says only that it did not open
    const cause = error instanceof Error ? error.cause : undefined;
    const { code, message } = (cause ?? error) as NodeJS.ErrnoException;
    const why = code === 'LEVEL_LOCKED' ? 'is another ledger running on it?' : message;
    throw new Error(`cannot open ${folder}: ${why}`, { cause: error });
  }
  // LevelDB names its newest manifest by a rename that it leaves to the system
  await syncFolder(folder);
}
