/**
 * What an interrupted `put` needs to go on: which file id, which upload. It names no file and holds no secret.
 *
 * Ciphertext is a function of the content, so sealing again from the start gives the same bytes; what is there already
 * is not sent twice.
 *
 * @module
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  concat,
  fromBase64url,
  hex,
  lengthPrefixed,
  u64be,
  utf8,
} from '@holdfast/protocol/bytes.js';
import { deriveKey } from '@holdfast/protocol/hash.js';
import { terms } from '@holdfast/protocol/file-records.js';
import { uploadRequest } from '@holdfast/protocol/upload-messages.js';
import { bytes, counter, name, parseJson } from '@holdfast/protocol/schema.js';
import { readPrivate, writePrivate } from './device-file.ts';
import type { Source } from './source.ts';

export const uploadState = z.strictObject({
  version: z.literal(1),
  /** Of the file id. */
  fileNonce: bytes(32),
  /** Of S_f, which is the same in every try: what was accepted is what will be registered. */
  secretNonce: bytes(32),
  request: uploadRequest,
  uploadId: name,
  terms,
  startedAt: counter,
});
export type UploadState = z.infer<typeof uploadState>;

const FOLDER = 'uploads';

/** S_f of an upload: as random as its nonce, and nothing without a key of the owner's. */
export function fileSecretOf(deviceKey: Uint8Array, { secretNonce }: UploadState): Uint8Array {
  const context = concat(lengthPrefixed(utf8('S_f')), fromBase64url(secretNonce, 32));
  return deriveKey(deviceKey, 'device', { context });
}

/** Where a source's state lies: a name that tells nothing about the file, from a key of the owner's. */
export function uploadStatePath(home: string, deviceKey: Uint8Array, source: Source): string {
  const context = concat(
    lengthPrefixed(source.key),
    u64be(source.size),
    u64be(Math.floor(source.modifiedAt)),
  );
  return join(home, FOLDER, `${hex(deriveKey(deviceKey, 'device', { context }))}.json`);
}

export async function readUploadState(path: string): Promise<UploadState | undefined> {
  const text = await readPrivate(path);
  return text === undefined ? undefined : parseJson(uploadState, text, path);
}

export const writeUploadState = (path: string, state: UploadState): Promise<void> =>
  writePrivate(path, JSON.stringify(state));

export const removeUploadState = (path: string): Promise<void> => rm(path, { force: true });

/** All uploads of this device that are not on the ledger yet. */
export async function unfinishedUploads(home: string): Promise<readonly UploadState[]> {
  const folder = join(home, FOLDER);
  const names = await readdir(folder).catch(() => []);
  const found: UploadState[] = [];
  for (const file of names.filter((it) => it.endsWith('.json'))) {
    const state = await readUploadState(join(folder, file));
    if (state !== undefined) found.push(state);
  }
  return found;
}
