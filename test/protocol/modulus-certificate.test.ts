import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { integer, toInteger } from '@holdfast/protocol/bytes.js';
import { certifyModulus, verifyModulus } from '@holdfast/protocol/modulus-certificate.js';
import { testKeyServers } from '../support/key-server.ts';
import { inverse, power } from '../support/modular.ts';
import { RUNS } from '../support/property.ts';
import { codeOf, refusalOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';
import { vectors } from '../support/vectors.ts';

const [alder, birch] = testKeyServers();
const roots = certifyModulus(alder.key, alder.raw);

describe('the certificate of a modulus', () => {
  it('holds for an honest key', () => {
    expect(roots).toHaveLength(9);
    expect(() => verifyModulus(alder.key, roots)).not.toThrow();
  });

  it('is the same each time, so there is nothing to choose', () => {
    expect(certifyModulus(alder.key, alder.raw)).toEqual(roots);
  });

  it('does not hold with a bit changed in any root', () => {
    fc.assert(
      fc.property(fc.nat(8), fc.nat(8 * 384 - 1), (index, bit) => {
        const changed = roots.map((root, i) => (i === index ? flipped(root, bit) : root));
        expect(codeOf(() => verifyModulus(alder.key, changed))).toBe('KEY_INVALID');
      }),
      RUNS,
    );
  });

  it('does not hold with a root missing, in excess, short, or not reduced', () => {
    const [first = new Uint8Array(), ...rest] = roots;
    const above = integer((toInteger(first) + toInteger(alder.key.modulus)) % 2n ** 3072n, 384);
    const wrong = [rest, [...roots, first], [first.slice(1), ...rest], [above, ...rest]];
    for (const one of wrong) {
      expect(codeOf(() => verifyModulus(alder.key, one))).toBe('KEY_INVALID');
    }
  });

  it('does not hold in another order, or for another key', () => {
    const reversed = roots.toReversed();
    expect(codeOf(() => verifyModulus(alder.key, reversed))).toBe('KEY_INVALID');
    expect(codeOf(() => verifyModulus(birch.key, roots))).toBe('KEY_INVALID');
  });

  it.each([
    ['is short', alder.key.modulus.slice(1), 65_537],
    ['has a leading zero bit', flipped(alder.key.modulus, 7), 65_537],
    ['comes with another exponent', alder.key.modulus, 3],
  ])('is refused where the modulus %s', (_, modulus, exponent) => {
    expect(codeOf(() => verifyModulus({ modulus, exponent }, roots))).toBe('KEY_INVALID');
  });

  it.each([2, 3, 251, 65_521, 65_537])('is refused where %d divides the modulus', (factor) => {
    const near = toInteger(alder.key.modulus);
    const modulus = integer(near - (near % BigInt(factor)), 384);
    const refusal = refusalOf(() => verifyModulus({ modulus, exponent: 65_537 }, roots));
    expect(refusal.code).toBe('KEY_INVALID');
    expect(refusal.detail).toMatch(/divisible/);
  });
});

describe('a key server whose exponent divides p - 1', () => {
  const published = vectors<{ p: string; q: string }>('malicious-modulus.json');
  const [p, q] = [BigInt(`0x${published.p}`), BigInt(`0x${published.q}`)];
  const e = 65_537n;
  const key = { mspId: 'Mallory', modulus: integer(p * q, 384), exponent: 65_537 };
  /** The character that blinding by r^e leaves as it is: the one of m. */
  const character = (element: Uint8Array) => power(toInteger(element) % p, (p - 1n) / e, p);

  it('cannot certify its modulus, though it knows both primes', () => {
    const found: boolean[] = [];
    const best = certifyModulus(key, (element) => {
      const root = rootOf(toInteger(element));
      found.push(power(root, e, p * q) === toInteger(element));
      expect(found.at(-1)).toBe(character(element) === 1n);
      return integer(root, 384);
    });
    expect(found).toContain(false);
    expect(codeOf(() => verifyModulus(key, best))).toBe('KEY_INVALID');
  });

  /** An e-th root modulo q, and modulo p where there is one. */
  function rootOf(element: bigint): bigint {
    const atP = power(element % p, inverse(e, (p - 1n) / e), p);
    const atQ = power(element % q, inverse(e, q - 1n), q);
    return (atP + p * (((atQ - atP) * inverse(p, q)) % q) + p * q) % (p * q);
  }
});
