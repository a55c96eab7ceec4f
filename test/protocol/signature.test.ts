import { beforeAll, describe, expect, it } from '@jest/globals';
import { bls12_381 } from '@noble/curves/bls12-381';
import { concat, fromHex, hex, toInteger, utf8 } from '@holdfast/protocol/bytes.js';
import {
  add1,
  BASE_2,
  decodeG1,
  decodeG2,
  encodeG1,
  hashToG1,
  negate1,
  pairingsAreOne,
  ready,
} from '@holdfast/protocol/curve.js';
import { ORDER } from '@holdfast/protocol/scalar.js';
import { DST } from '@holdfast/protocol/labels.js';
import {
  newSecret,
  provePossession,
  publicKeyOf,
  sign,
  verifyPossession,
  verifySignature,
} from '@holdfast/protocol/signature.js';
import { attempt } from '../support/attempt.ts';
import { cofactorPoint } from '../support/cofactor-point.ts';
import { seededRandom } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';
import { vectors } from '../support/vectors.ts';

const random = seededRandom();
const secret = newSecretLater();
const message = utf8('message');

/** The curve starts only in beforeAll. */
function newSecretLater(): () => bigint {
  let drawn: bigint | undefined;
  return () => (drawn ??= newSecret(random));
}

beforeAll(ready);

describe('a signature', () => {
  const { dst, signatures } = vectors<{
    dst: string;
    signatures: { secret: string; message: string; signature: string }[];
  }>('bls12-381-g1-signatures.json');
  it.each(signatures)('equals the public vector of $secret', (vector) => {
    const key = toInteger(fromHex(vector.secret));
    const text = fromHex(vector.message);
    expect(hex(sign(key, text, dst))).toBe(vector.signature);
    expect(verifySignature(publicKeyOf(key), text, fromHex(vector.signature), dst)).toBe(true);
  });

  it('holds for a second library', () => {
    const signature = sign(secret(), message, DST.acceptance);
    const scheme = bls12_381.shortSignatures;
    const hashed = scheme.hash(message, DST.acceptance);
    expect(scheme.verify(signature, hashed, publicKeyOf(secret()))).toBe(true);
  });
  it('does not hold for another message, tag or key', () => {
    const signature = sign(secret(), message, DST.acceptance);
    const key = publicKeyOf(secret());
    expect(verifySignature(key, message, signature, DST.acceptance)).toBe(true);
    expect(verifySignature(key, flipped(message), signature, DST.acceptance)).toBe(false);
    expect(verifySignature(key, message, signature, DST.beacon)).toBe(false);
    const other = publicKeyOf(newSecret(random));
    expect(verifySignature(other, message, signature, DST.acceptance)).toBe(false);
  });
  it('is refused where a bit of it is flipped', () => {
    const signature = sign(secret(), message, DST.acceptance);
    const key = publicKeyOf(secret());
    const outcomes = [7, 6, 5, 3, 100, 383].map((bit) =>
      attempt(() => verifySignature(key, message, flipped(signature, bit), DST.acceptance)),
    );
    // Bit 5 is the sign: the opposite point is a point, but no signature.
    const refused = 'INPUT_INVALID';
    expect(outcomes).toEqual([refused, refused, false, refused, refused, refused]);
  });
  it('is one only: with orders unchecked, a cofactor point would give a second', () => {
    const signature = sign(secret(), message, DST.beacon);
    const second = encodeG1(add1(decodeG1(signature), cofactorPoint()));
    const key = publicKeyOf(secret());
    const withoutOrderCheck = pairingsAreOne([
      [negate1(decodeG1(second, { anyOrder: true })), decodeG2(BASE_2)],
      [hashToG1(message, DST.beacon), decodeG2(key)],
    ]);
    expect(withoutOrderCheck).toBe(true);
    expect(codeOf(() => verifySignature(key, message, second, DST.beacon))).toBe('INPUT_INVALID');
  });
});

describe('a secret', () => {
  it('lies between 1 and the order, whatever is drawn', () => {
    expect(newSecret((length) => new Uint8Array(length))).toBe(1n);
    const most = newSecret((length) => new Uint8Array(length).fill(0xff));
    expect(most > 0n && most < ORDER).toBe(true);
  });
});

describe('a proof of possession', () => {
  it('holds for its key, organisation, channel and purpose only', () => {
    const key = publicKeyOf(secret());
    const proof = provePossession(secret(), 'possession-provider', 'Birch', 'holdfast');
    const holds = (
      label: 'possession-provider' | 'possession-delegate',
      mspId: string,
      channel: string,
    ) => verifyPossession(key, proof, label, mspId, channel);
    expect(holds('possession-provider', 'Birch', 'holdfast')).toBe(true);
    expect(holds('possession-delegate', 'Birch', 'holdfast')).toBe(false);
    expect(holds('possession-provider', 'Alder', 'holdfast')).toBe(false);
    expect(holds('possession-provider', 'Birch', 'other')).toBe(false);
    const other = publicKeyOf(newSecret(random));
    expect(verifyPossession(other, proof, 'possession-provider', 'Birch', 'holdfast')).toBe(false);
  });
  it('cannot be moved between organisation and channel', () => {
    const proof = provePossession(secret(), 'possession-provider', 'Birch', 'holdfast');
    const key = publicKeyOf(secret());
    expect(verifyPossession(key, proof, 'possession-provider', 'hBirch', 'oldfast')).toBe(false);
  });
  it('is refused for the identity as key', () => {
    const zero = concat(Uint8Array.of(0xc0), new Uint8Array(95));
    const proof = provePossession(secret(), 'possession-delegate', 'Alder', 'holdfast');
    expect(
      codeOf(() => verifyPossession(zero, proof, 'possession-delegate', 'Alder', 'holdfast')),
    ).toBe('INPUT_INVALID');
  });
});
