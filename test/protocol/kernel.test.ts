import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concat, toInteger } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { ORDER, toScalar } from '@holdfast/protocol/scalar.js';
import { newBlockSum, newDotProduct, sectorsOf } from '@holdfast/protocol/kernel.js';
import { RUNS, seededRandom } from '../support/property.ts';

const random = seededRandom();
const block = fc.uint8Array({ maxLength: 700 });
const weight = fc.bigInt(0n, (1n << 128n) - 1n);

beforeAll(ready);

/** Sectors as whole numbers, the slow way. */
const sectorsIn = (bytes: Uint8Array): bigint[] =>
  Array.from({ length: sectorsOf(bytes.length) }, (_, j) => {
    const sector = bytes.slice(31 * j, 31 * (j + 1));
    return toInteger(concat(sector, new Uint8Array(31 - sector.length)));
  });

describe('the dot product', () => {
  it('equals the sum in whole numbers', () => {
    const factors = Array.from({ length: 23 }, () => toScalar(random(48)));
    const dot = newDotProduct(factors);
    fc.assert(
      fc.property(block, (bytes) => {
        const expected = sectorsIn(bytes).reduce((sum, m, j) => sum + m * (factors[j] ?? 0n), 0n);
        expect(dot(bytes)).toBe(expected % ORDER);
      }),
      RUNS,
    );
  });
  it('carries in time where every bit is set', () => {
    const count = 100;
    const factor = ORDER - 1n;
    const dot = newDotProduct(Array.from({ length: count }, () => factor));
    const sector = (1n << 248n) - 1n;
    const full = new Uint8Array(31 * count).fill(0xff);
    expect(dot(full)).toBe((BigInt(count) * factor * sector) % ORDER);
  });
  it('forgets the block before', () => {
    const dot = newDotProduct([1n, 1n, 1n]);
    expect(dot(new Uint8Array(93).fill(7))).not.toBe(0n);
    expect(dot(Uint8Array.of(1))).toBe(1n << 240n);
    expect(dot(new Uint8Array())).toBe(0n);
  });
  it('refuses a block of more sectors than it has factors', () => {
    expect(() => newDotProduct([1n])(new Uint8Array(32))).toThrow('bug');
  });
});

describe('the weighted sum of blocks', () => {
  it('equals the sum in whole numbers, sector by sector, without zeros at the end', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(block, weight), { maxLength: 40 }), (terms) => {
        const sum = newBlockSum(23);
        const expected = Array.from({ length: 23 }, () => 0n);
        for (const [bytes, v] of terms) {
          sum.add(bytes, v);
          sectorsIn(bytes).forEach((m, j) => {
            expected[j] = ((expected[j] ?? 0n) + v * m) % ORDER;
          });
        }
        while (expected.at(-1) === 0n) expected.pop();
        expect(sum.sums()).toEqual(expected);
      }),
      RUNS,
    );
  });
  it('carries in time where every bit is set, long blocks among short ones', () => {
    const sum = newBlockSum(40);
    const most = (1n << 128n) - 1n;
    const sector = (1n << 248n) - 1n;
    let long = 0n;
    for (let i = 1; i <= 100; i++) {
      const isLong = i % 16 !== 0;
      sum.add(new Uint8Array(isLong ? 31 * 40 : 31).fill(0xff), most);
      if (isLong) long++;
    }
    const sums = sum.sums();
    expect(sums[0]).toBe((100n * most * sector) % ORDER);
    expect(sums.slice(1)).toEqual(Array.from({ length: 39 }, () => (long * most * sector) % ORDER));
  });
  it('refuses a block of too many sectors', () => {
    expect(() => newBlockSum(1).add(new Uint8Array(32), 1n)).toThrow('bug');
  });
});

describe('sectors', () => {
  it.each([
    [0, 0],
    [1, 1],
    [31, 1],
    [32, 2],
    [65_536, 2_115],
    [262_144, 8_457],
  ])('of %i bytes are %i', (length, sectors) => {
    expect(sectorsOf(length)).toBe(sectors);
  });
});
