import { createSign, createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concat, hex, integer, toInteger, utf8 } from '@holdfast/protocol/bytes.js';
import { decodeDer, encodeDer, isLowS, toLowS } from '../../client/src/ecdsa.ts';
import { RUNS } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const scalar = fc.bigInt({ min: 0n, max: ORDER - 1n });

describe('signatures of P-256', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const message = utf8('who signs what');

  it('lead from one spelling to the other as OpenSSL spells them', () => {
    for (let i = 0; i < 20; i++) {
      const der = createSign('sha256').update(message).sign(privateKey);
      const plain = decodeDer(new Uint8Array(der));
      expect(plain).toHaveLength(64);
      expect(hex(encodeDer(plain))).toBe(der.toString('hex'));
      const key = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const;
      expect(createVerify('sha256').update(message).verify(key, plain)).toBe(true);
      const low = encodeDer(toLowS(plain));
      expect(createVerify('sha256').update(message).verify(publicKey, low)).toBe(true);
    }
  });

  it('have s in the lower half of the order afterwards, and stay where it was there', () => {
    fc.assert(
      fc.property(scalar, scalar, (r, s) => {
        const signature = concat(integer(r, 32), integer(s, 32));
        const low = toLowS(signature);
        expect(isLowS(low)).toBe(true);
        expect(hex(low.slice(0, 32))).toBe(hex(signature.slice(0, 32)));
        const found = toInteger(low.slice(32));
        expect(found === s || found === ORDER - s).toBe(true);
        expect(hex(toLowS(low))).toBe(hex(low));
      }),
      RUNS,
    );
    const half = concat(integer(1n, 32), integer(ORDER / 2n, 32));
    const above = concat(integer(1n, 32), integer(ORDER / 2n + 1n, 32));
    expect([isLowS(half), isLowS(above)]).toEqual([true, false]);
  });

  it('come back from DER whatever zeros they begin with', () => {
    fc.assert(
      fc.property(scalar, fc.nat({ max: 300 }).map(BigInt), (r, s) => {
        const signature = concat(integer(r, 32), integer(s, 32));
        expect(hex(decodeDer(encodeDer(signature)))).toBe(hex(signature));
      }),
      RUNS,
    );
  });

  it.each([
    ['nothing', []],
    ['no sequence', [0x31, 6, 2, 1, 1, 2, 1, 1]],
    ['a wrong length', [0x30, 7, 2, 1, 1, 2, 1, 1]],
    ['a length of several bytes', [0x30, 0x81, 6, 2, 1, 1, 2, 1, 1]],
    ['one integer', [0x30, 3, 2, 1, 1]],
    ['three integers', [0x30, 9, 2, 1, 1, 2, 1, 1, 2, 1, 1]],
    ['something else than an integer', [0x30, 6, 2, 1, 1, 4, 1, 1]],
    ['an integer without digits', [0x30, 5, 2, 0, 2, 1, 1]],
    ['an integer that goes on behind the end', [0x30, 6, 2, 1, 1, 2, 9, 1]],
    ['a zero too many', [0x30, 7, 2, 2, 0, 1, 2, 1, 1]],
    ['a negative number', [0x30, 6, 2, 1, 0x81, 2, 1, 1]],
    ['a number of 33 bytes', [0x30, 38, 2, 33, ...new Uint8Array(33).fill(1), 2, 1, 1]],
    ['a number of 34 bytes', [0x30, 39, 2, 34, ...new Uint8Array(34).fill(1), 2, 1, 1]],
  ])('are refused that are %s', (_what, bytes) => {
    expect(codeOf(() => decodeDer(Uint8Array.from(bytes)))).toBe('INPUT_INVALID');
  });
});
