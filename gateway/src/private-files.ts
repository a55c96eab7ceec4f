/**
 * Secrets of roles as files of mode 0600, written once and never half.
 *
 * @module
 */
import { link, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { errnoOf, makeFolder, syncFolder, writeSynced } from './storage/durable-file.ts';

/**
 * The bytes of a private file, made at the first call.
 *
 * A crash in between leaves either no file or the whole file; of two processes that start at once one wins.
 */
export async function privateFile(
  path: string,
  make: () => Uint8Array | Promise<Uint8Array>,
): Promise<Uint8Array> {
  const folder = dirname(path);
  const present = await readIfPresent(path);
  if (present !== undefined) {
    // who named it may have died before the name was durable
    await syncFolder(folder);
    return present;
  }
  await makeFolder(folder);
  const draft = join(folder, `.${randomUUID()}`);
  try {
    await writeSynced(draft, await make(), 0o600);
    await link(draft, path).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  await syncFolder(folder);
  return readFile(path);
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
