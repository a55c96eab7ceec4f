/**
 * Files that are being stored under an Idempotency-Key. A try that ends with the process leaves no answer behind that could
 * be given again: the next one goes on with the same file id, which the ledger takes once.
 *
 * @module
 */
import { createHmac } from 'node:crypto';
import {
  base64url,
  concat,
  fromBase64url,
  lengthPrefixed,
  utf8,
} from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { deriveKey } from '@holdfast/protocol/hash.js';
import { usedOtherwise } from '../http/idempotency.ts';
import type { Provider } from '../roles.ts';
import type { Table } from '../store.ts';
import type { ManagedOwner } from './managed-owner.ts';

/** What a file is called; its media type is empty where nobody said it. */
export interface Naming {
  readonly name: string;
  readonly type: string;
}

/** As long as answers are remembered, milliseconds. */
const KEPT_MS = 86_400_000;

/** What is the same in every try. */
export interface KeptPut {
  /** The file id is made of it; base64url. */
  readonly fileNonce: string;
  /** Milliseconds. */
  readonly modifiedAt: number;
  /** MAC of what the file is to be called, under a key of the owner's. */
  readonly naming: string;
  readonly at: number;
}

export interface BegunPut {
  readonly fileNonce: Uint8Array;
  /** S_f, of which nothing is kept. */
  readonly fileSecret: Uint8Array;
  readonly modifiedAt: number;
  /** Whether there may have been a try before. */
  readonly isAgain: boolean;
}

export interface BegunPuts {
  /**
   * @param key - undefined: nobody will send it again.
   * @throws `INPUT_INVALID` (422) where the key was used for a file of another name or type.
   */
  begin(owner: ManagedOwner, key: string | undefined, naming: Naming): Promise<BegunPut>;
}

/** (Agent) Durable before anything of the file is. */
export function newBegunPuts(kept: Table<KeptPut>, nowMs: () => number): BegunPuts {
  return {
    async begin(owner, key, { name, type }) {
      const fresh = { fileNonce: base64url(owner.random(32)), modifiedAt: nowMs() };
      if (key === undefined) return begunPut(owner, fresh, false);
      const row = `${owner.signer.keyId} ${key}`;
      const naming = createHmac('sha256', owner.deviceKey)
        .update(lengthPrefixed(name))
        .update(type)
        .digest('base64url');
      const before = await kept.get(row);
      if (before !== undefined && before.at + KEPT_MS > nowMs()) {
        if (before.naming !== naming) throw usedOtherwise();
        return begunPut(owner, before, true);
      }
      await kept.put(row, { ...fresh, naming, at: nowMs() });
      return begunPut(owner, fresh, false);
    },
  };
}

function begunPut(
  { deviceKey }: ManagedOwner,
  { fileNonce, modifiedAt }: Pick<KeptPut, 'fileNonce' | 'modifiedAt'>,
  isAgain: boolean,
): BegunPut {
  const nonce = fromBase64url(fileNonce, 32);
  const context = concat(lengthPrefixed(utf8('S_f')), nonce);
  const fileSecret = deriveKey(deviceKey, 'device', { context });
  return { fileNonce: nonce, fileSecret, modifiedAt, isAgain };
}

/** Whether an earlier try came so far that its bytes cannot go any more: accepted, or on the ledger. All else of it goes. */
export async function isAccepted(provider: Provider, fileId: string): Promise<boolean> {
  try {
    await provider.drop(fileId);
    return false;
  } catch (error) {
    const code = error instanceof HoldfastError ? error.code : undefined;
    if (code === 'NOT_FOUND') return false;
    if (code === 'ALREADY_EXISTS') return true;
    throw error;
  }
}
