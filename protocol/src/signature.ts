/**
 * Signatures of Boneh, Lynn and Shacham 2001 with signatures in G1 and keys in G2: one message and one key have exactly
 * one signature, which beacons need. The only signature primitive of providers and delegates.
 *
 * ```text
 * signature = H(message)^secret    key = g2^secret    e(signature, g2) = e(H(message), key)
 * ```
 *
 * Each use has a domain separation tag of its own (`DST`).
 *
 * @module
 */
import type { Random } from '#platform';
import { lengthPrefixed } from './bytes.ts';
import {
  BASE_2,
  decodeG1,
  decodeG2,
  encodeG1,
  encodeG2,
  hashToG1,
  multiply1,
  multiplyBase2,
  negate1,
  pairingsAreOne,
} from './curve.ts';
import { ORDER, toScalar } from './scalar.ts';
import { transcript } from './hash.ts';
import { DST } from './labels.ts';

/** (Provider, Delegate) A secret scalar from 1 to r - 1. */
export const newSecret = (random: Random): bigint => (toScalar(random(48)) % (ORDER - 1n)) + 1n;

/** (Provider, Delegate) 96 bytes. */
export const publicKeyOf = (secret: bigint): Uint8Array => encodeG2(multiplyBase2(secret));

/** (Provider, Delegate) 48 bytes. */
export const sign = (secret: bigint, message: Uint8Array, dst: string): Uint8Array =>
  encodeG1(multiply1(hashToG1(message, dst), secret));

/**
 * (Ledger) Whether `signature` is the one of `message` under `publicKey`.
 *
 * The order check of the decoder is part of it: without, signature plus any cofactor point would hold too.
 *
 * @param publicKey - 96 bytes.
 * @param signature - 48 bytes.
 * @throws `INPUT_INVALID` where either is no encoding of a point.
 */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  dst: string,
): boolean {
  return pairingsAreOne([
    [negate1(decodeG1(signature)), decodeG2(BASE_2)],
    [hashToG1(message, dst), decodeG2(publicKey)],
  ]);
}

/** Which announced key is proved. */
export type PossessionLabel = 'possession-provider' | 'possession-delegate';

/** (Provider, Delegate) Proves to the ledger that one holds the secret of the key one announces. */
export const provePossession = (
  secret: bigint,
  label: PossessionLabel,
  mspId: string,
  channel: string,
): Uint8Array =>
  sign(secret, possessionMessage(publicKeyOf(secret), label, { mspId, channel }), DST.possession);

/** (Ledger) @throws `INPUT_INVALID` where key or proof is no encoding of a point. */
export const verifyPossession = (
  publicKey: Uint8Array,
  proof: Uint8Array,
  label: PossessionLabel,
  mspId: string,
  channel: string,
): boolean =>
  verifySignature(
    publicKey,
    possessionMessage(publicKey, label, { mspId, channel }),
    proof,
    DST.possession,
  );

/** T(label, LP(channel), LP(mspId), key). */
const possessionMessage = (
  publicKey: Uint8Array,
  label: PossessionLabel,
  { mspId, channel }: { mspId: string; channel: string },
): Uint8Array => transcript(label, lengthPrefixed(channel), lengthPrefixed(mspId), publicKey);
