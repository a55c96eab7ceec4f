/**
 * The key server of another organisation, over HTTP.
 *
 * What it answers is checked under the key that it has announced on the ledger: a key server that evaluates otherwise is named
 * here, before any owner has built a key on it.
 *
 * @module
 */
import { constants, createPublicKey, publicEncrypt, type KeyObject } from 'node:crypto';
import { base64url, equalBytes, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { LedgerSession } from '../ledger/ledger.ts';
import type { KeyServer } from '../roles.ts';
import { falseAnswer, jsonOf } from './answers.ts';
import type { Caller } from './caller.ts';
import { evaluated } from './calls.ts';

export interface RemoteKeyServerParts {
  readonly mspId: string;
  readonly caller: Caller;
  /** Where what it has announced is read. */
  readonly session: LedgerSession;
  readonly signal: AbortSignal;
}

/** (Agent) */
export function newRemoteKeyServer(parts: RemoteKeyServerParts): KeyServer {
  const { mspId, caller } = parts;
  const announced = newAnnouncedKey(parts);

  return {
    mspId,
    async evaluate(ownerId, key, blinded) {
      const json = { ownerId, key, blinded: blinded.map(base64url) };
      const path = `/v1/key-servers/${mspId}/evaluations`;
      const answer = await jsonOf(caller, { method: 'POST', path, json }, evaluated);
      if (answer.evaluated.length !== blinded.length) {
        throw falseAnswer(caller.title, `${answer.evaluated.length} of ${blinded.length} elements`);
      }
      const elements = answer.evaluated.map((element) => fromBase64url(element));
      const wrong = async (isAnew: boolean): Promise<number> => {
        const publicKey = await announced(isAnew);
        return elements.findIndex((element, i) => !isRoot(publicKey, element, blinded[i]));
      };
      // a key that it has announced since is looked for once
      if ((await wrong(false)) >= 0) {
        const index = await wrong(true);
        if (index >= 0) throw falseAnswer(caller.title, `a false evaluation of element ${index}`);
      }
      return elements;
    },
  };
}

/** The key of the ledger, remembered. */
function newAnnouncedKey({ mspId, session, signal }: RemoteKeyServerParts) {
  let held: KeyObject | undefined;
  return async (isAnew: boolean): Promise<KeyObject> => {
    if (held !== undefined && !isAnew) return held;
    const role = 'key-server';
    const record = await session.evaluate('accounts:organisation', { mspId, role }, signal);
    if (record.role !== role) {
      throw new HoldfastError('KEY_INVALID', `key server ${mspId} has announced no key`);
    }
    // e = 65537
    const jwk = { kty: 'RSA', n: record.modulus, e: 'AQAB' };
    held = createPublicKey({ key: jwk, format: 'jwk' });
    return held;
  };
}

/** y^e = x mod N. */
function isRoot(key: KeyObject, evaluation: Uint8Array, blinded: Uint8Array | undefined): boolean {
  try {
    const x = publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, evaluation);
    return blinded !== undefined && equalBytes(x, blinded);
  } catch {
    // not below N
    return false;
  }
}
