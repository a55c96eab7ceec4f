/**
 * Name, type, date and exact size of the owner's files: sealed beside each file, and kept on the device under a key of
 * the owner's, so that a list needs no key shares.
 *
 * @module
 */
import { join } from 'node:path';
import { z } from 'zod';
import { base64url, fromBase64url, fromUtf8, utf8 } from '@holdfast/protocol/bytes.js';
import { openRecord, sealRecord } from '@holdfast/protocol/cipher.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { FileFacts } from '@holdfast/protocol/owner/stored-file.js';
import { counter, digest, parseJson } from '@holdfast/protocol/schema.js';
import { readPrivate, writePrivate } from './device-file.ts';
import type { Session } from './session.ts';

const fileFacts: z.ZodType<FileFacts> = z.strictObject({
  name: z.string(),
  type: z.string(),
  modifiedAt: counter,
  /** Bytes of plaintext. */
  size: counter,
});

const cache = z.record(digest, fileFacts);
const CACHE = 'names.sealed';
const LABELS = { key: 'card', nonce: 'card-iv' } as const;

/** What this device knows of the owner's files. */
export interface FactsCache {
  get(fileId: string): FileFacts | undefined;
  set(fileId: string, facts: FileFacts): void;
  /** Writes what was set. */
  save(): Promise<void>;
}

/** (Owner) A cache that cannot be opened is begun anew: everything in it is sealed beside the files too. */
export async function openFactsCache({ home, deviceKey }: Session): Promise<FactsCache> {
  const path = join(home, CACHE);
  const known = new Map(Object.entries(await readCache(path, deviceKey)));
  let isChanged = false;
  return {
    get: (fileId) => known.get(fileId),
    set(fileId, facts) {
      known.set(fileId, facts);
      isChanged = true;
    },
    async save() {
      if (!isChanged) return;
      const plain = utf8(JSON.stringify(Object.fromEntries(known)));
      await writePrivate(path, base64url(await sealRecord(deviceKey, LABELS, plain)));
      isChanged = false;
    },
  };
}

async function readCache(path: string, key: Uint8Array): Promise<z.infer<typeof cache>> {
  const text = await readPrivate(path);
  if (text === undefined) return {};
  try {
    return parseJson(cache, fromUtf8(await openRecord(key, LABELS, fromBase64url(text))), path);
  } catch (error) {
    if (error instanceof HoldfastError) return {};
    throw error;
  }
}
