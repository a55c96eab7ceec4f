/**
 * ECDSA P-256 with SHA-256 as Fabric wants it: DER, and the smaller of the two values of s.
 *
 * @module
 */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { concat, integer, toInteger } from '@holdfast/protocol/bytes.js';

/** Order of P-256 (FIPS 186-4, D.1.2.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF = ORDER >> 1n;

export type Sign = (message: Uint8Array) => Promise<Uint8Array>;

/** @param given - PEM, or the key itself.
 * @returns signs messages, not digests: for a connection with `hash.none`. */
export function newSigner(given: string | KeyObject): Sign {
  const key = typeof given === 'string' ? createPrivateKey(given) : given;
  return async (message) => lowS(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }));
}

/** (r || s), 64 bytes, as DER; a peer refuses the larger of s and order - s. */
export function lowS(signature: Uint8Array): Uint8Array {
  const r = toInteger(signature.subarray(0, 32));
  const s = toInteger(signature.subarray(32));
  const body = concat(derInteger(r), derInteger(s > HALF ? ORDER - s : s));
  return concat(Uint8Array.of(0x30, body.length), body);
}

/** INTEGER of at most 33 bytes: shortest form, a zero before a set top bit. */
function derInteger(value: bigint): Uint8Array {
  const length = Math.floor(value.toString(2).length / 8) + 1;
  return concat(Uint8Array.of(0x02, length), integer(value, length));
}
