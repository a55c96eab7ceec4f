/**
 * What an owner's device keeps, in `owner.json`: the seed under a password, and what was pinned. Never the seed in clear.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { digest, name, parseJson } from '@holdfast/protocol/schema.js';
import { wrappedSeed } from '@holdfast/protocol/wrapped-seed.js';
import { consortium } from './consortium.ts';

export const device = z.strictObject({
  version: z.literal(1),
  /** Origin of the gateway that the owner uses. */
  gateway: z.string(),
  ownerId: digest,
  mspId: name,
  certificate: z.string(),
  consortium,
  /** false until `init` has come to its end. */
  opened: z.boolean(),
  seed: wrappedSeed,
});
export type Device = z.infer<typeof device>;

const FILE = 'owner.json';

/** `HOLDFAST_HOME`, else `~/.holdfast`. */
export const homeFolder = (env: Readonly<Record<string, string | undefined>>): string =>
  env['HOLDFAST_HOME'] || join(homedir(), '.holdfast');

/** @returns undefined where this device has no owner. @throws `INPUT_INVALID` where the file is damaged. */
export async function readDevice(home: string): Promise<Device | undefined> {
  const text = await readPrivate(join(home, FILE));
  return text === undefined ? undefined : parseJson(device, text, join(home, FILE));
}

/** @throws `NOT_FOUND` where this device has no owner. */
export async function needDevice(home: string): Promise<Device> {
  const found = await readDevice(home);
  if (found === undefined) {
    throw new HoldfastError('NOT_FOUND', `no owner on this device: ${join(home, FILE)} is missing`);
  }
  return found;
}

export const writeDevice = (home: string, owner: Device): Promise<void> =>
  writePrivate(join(home, FILE), `${JSON.stringify(owner, undefined, 2)}\n`);

/** @returns undefined where there is no such file. */
export async function readPrivate(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Replaces a file whole, readable by its owner only; what was there stays until the new one is on disk. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const folder = join(path, '..');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true });
    throw cause;
  }
  await syncFolder(folder);
}

/** Makes a new name in a folder durable, on systems that open folders. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
