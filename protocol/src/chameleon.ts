/**
 * The chameleon hash at a file's leaf of the top tree (paper 003 section 3.4): the owner alone can make a new version
 * hash to the same leaf.
 *
 * Deviation: paper 003 uses g^m h^r (Krawczyk and Rabin 2000), where two openings, such as one update publishes, give
 * the trapdoor to everybody. This is the form without key exposure of Ateniese and de Medeiros 2004 section 6, over G1:
 *
 * ```text
 * e = H(Y, r, m)      C = r - F(e Y + s g1) mod q      F: hash of a compressed point to a scalar
 * ```
 *
 * An opening (r, s) of C to m is a Schnorr signature under Y; any number of them gives nothing away. An old opening
 * stays valid for ever: what is current is for the ledger to say.
 *
 * @module
 */
import type { Random } from '#platform';
import { base64url, fromBase64url } from './bytes.ts';
import { add1, BASE_1, decodeG1, encodeG1, multiply1, multiplyBase, type G1 } from './curve.ts';
import { atField } from './errors.ts';
import { decodeScalar, encodeScalar, modulo, toScalar } from './scalar.ts';
import { byteStream, transcript } from './hash.ts';

/** An opening as the ledger holds it: scalars of 32 bytes, base64url. */
export interface Opening {
  readonly r: string;
  readonly s: string;
}

/** A leaf and the opening of its present version, as they stand in the record of a file. */
export interface ChameleonLeaf {
  /** Y, 48 bytes. */
  readonly chameleonKey: string;
  /** C, a scalar of 32 bytes. */
  readonly chameleonHash: string;
  readonly opening: Opening;
}

/**
 * C of a message under an opening.
 *
 * @param key - Y, 48 bytes.
 * @param message - m, the 32-byte digest of a version.
 * @returns a scalar of 32 bytes.
 * @throws `INPUT_INVALID` naming the field, where Y is no point of G1 but infinity, r or s no scalar.
 */
export function chameleonHash(key: Uint8Array, message: Uint8Array, opening: Opening): Uint8Array {
  const point = atField('/chameleonKey', () => decodeG1(key));
  const r = scalarAt('/opening/r', opening.r);
  const s = scalarAt('/opening/s', opening.s);
  const e = challengeOf(key, r, message);
  return encodeScalar(modulo(r - pointScalar(add1(multiply1(point, e), multiplyBase(s)))));
}

/**
 * (Owner) A new leaf over its first message, with an opening drawn at random. Anybody can make one under any Y: it is the
 * transaction that carries it which must be signed by the owner.
 */
export function newLeaf(key: Uint8Array, message: Uint8Array, random: Random): ChameleonLeaf {
  const opening = newOpening(random);
  return {
    chameleonKey: base64url(key),
    chameleonHash: base64url(chameleonHash(key, message, opening)),
    opening,
  };
}

/** (Owner) Two random scalars: the opening of a first version. */
export const newOpening = (random: Random): Opening =>
  openingOf(toScalar(random(48)), toScalar(random(48)));

/**
 * (Owner) An opening of an existing leaf to another message: r' = C + F(k g1), s' = k - H(Y, r', m') t.
 *
 * k is secret, and twice the same k would tell t: it follows from t and the message too, so that a generator that repeats
 * itself meets no k again.
 *
 * @param trapdoor - t with Y = t g1.
 */
export function collide(
  trapdoor: bigint,
  hash: Uint8Array,
  message: Uint8Array,
  random: Random,
): Opening {
  const key = encodeG1(multiplyBase(trapdoor));
  const k = nonceOf(trapdoor, hash, message, random(32));
  const r = modulo(decodeScalar(hash) + pointScalar(multiply1(decodeG1(BASE_1), k)));
  return openingOf(r, modulo(k - challengeOf(key, r, message) * trapdoor));
}

/**
 * (Ledger) Whether the opening of a leaf opens it to `message`.
 *
 * @throws `INPUT_INVALID` naming the field, where a point or scalar does not decode.
 */
export function verifyOpening(leaf: ChameleonLeaf, message: Uint8Array): boolean {
  const expected = scalarAt('/chameleonHash', leaf.chameleonHash);
  const found = chameleonHash(fromBase64url(leaf.chameleonKey, 48), message, leaf.opening);
  return decodeScalar(found) === expected;
}

const scalarAt = (pointer: string, text: string): bigint =>
  atField(pointer, () => decodeScalar(fromBase64url(text, 32)));

/** k: first 48 bytes of stream(T("chameleon-nonce", t, C, m', 32 random bytes)) mod q. */
const nonceOf = (
  trapdoor: bigint,
  hash: Uint8Array,
  message: Uint8Array,
  random: Uint8Array,
): bigint =>
  toScalar(
    byteStream(transcript('chameleon-nonce', encodeScalar(trapdoor), hash, message, random))(48),
  );

/** H(Y, r, m): first 48 bytes of stream(T("chameleon-challenge", Y, r, m)) mod q. */
const challengeOf = (key: Uint8Array, r: bigint, message: Uint8Array): bigint =>
  toScalar(byteStream(transcript('chameleon-challenge', key, encodeScalar(r), message))(48));

/** F: first 48 bytes of stream(T("chameleon-point", compressed point)) mod q. */
const pointScalar = (point: G1): bigint =>
  toScalar(byteStream(transcript('chameleon-point', encodeG1(point)))(48));

const openingOf = (r: bigint, s: bigint): Opening => ({
  r: base64url(encodeScalar(r)),
  s: base64url(encodeScalar(s)),
});
