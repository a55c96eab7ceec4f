import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toInteger } from '@holdfast/protocol/bytes.js';
import { inverse, modulo, ORDER, toScalar } from '@holdfast/protocol/scalar.js';
import { RUNS, seededRandom } from '../support/property.ts';

const random = seededRandom();
const scalar = fc.uint8Array({ minLength: 48, maxLength: 48 }).map(toScalar);
const multiple = scalar.map((k) => (k === 0n ? 1n : k));

describe('scalars', () => {
  it('come from 48 bytes modulo the order', () => {
    const bytes = random(48);
    expect(toScalar(bytes)).toBe(toInteger(bytes) % ORDER);
    expect(() => toScalar(random(47))).toThrow('bug');
  });
  it('have inverses', () => {
    fc.assert(
      fc.property(multiple, (k) => {
        expect(modulo(k * inverse(k))).toBe(1n);
      }),
      RUNS,
    );
  });
});
