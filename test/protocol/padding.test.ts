import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { blockLength, layoutOf, paddedSize } from '@holdfast/protocol/padding.js';
import { manifestSize } from '@holdfast/protocol/manifest.js';
import { RUNS } from '../support/property.ts';

const MIB = 1_048_576;
const size = fc.maxSafeNat().map((value) => value % 2 ** 45);

/** Padme as its authors wrote it, in integers. */
function padme(length: number): number {
  const exponent = BigInt(Math.floor(Math.log2(length)));
  const bits = BigInt(Math.floor(Math.log2(Number(exponent))) + 1);
  const mask = (1n << (exponent - bits)) - 1n;
  return Number((BigInt(length) + mask) & ~mask);
}

describe('padding', () => {
  it.each([
    [0, 64],
    [1, 64],
    [64, 64],
    [65, 72],
    [100, 104],
    [4 * MIB, 4 * MIB],
    [4 * MIB + 1, 4 * MIB + 131_072],
    [2 ** 40 + 1, 2 ** 40 + 2 ** 34],
  ])('of %d bytes gives %d, and without Padme nothing below 64', (from, to) => {
    expect(paddedSize(from, true)).toBe(to);
    expect(paddedSize(from, false)).toBe(Math.max(from, 64));
  });

  it('is Padme: never shorter, never more than 12 % longer, stable, monotone', () => {
    fc.assert(
      fc.property(size, size, (one, two) => {
        const padded = paddedSize(one, true);
        expect(padded).toBe(padme(Math.max(one, 64)));
        expect(padded).toBeGreaterThanOrEqual(one);
        expect(padded).toBeLessThanOrEqual(Math.max(one, 64) * 1.125);
        expect(paddedSize(padded, true)).toBe(padded);
        expect(paddedSize(Math.max(one, two), true)).toBeGreaterThanOrEqual(padded);
      }),
      RUNS,
    );
  });
});

describe('the layout of a file', () => {
  it('has data blocks, then blocks of the manifest, and no block is empty', () => {
    fc.assert(
      fc.property(
        fc.nat(40 * MIB),
        fc.constantFrom(65_536, 262_144),
        fc.boolean(),
        (bytes, blockSize, padding) => {
          const layout = layoutOf(bytes, blockSize, padding);
          const lengths = Array.from({ length: layout.blockCount }, (_, i) =>
            blockLength(layout, i),
          );
          const sum = (part: number[]) => part.reduce((total, length) => total + length, 0);
          expect(Math.min(...lengths)).toBeGreaterThan(0);
          expect(Math.max(...lengths)).toBeLessThanOrEqual(blockSize);
          expect(sum(lengths.slice(0, layout.dataBlocks))).toBe(paddedSize(bytes, padding));
          expect(sum(lengths.slice(layout.dataBlocks))).toBe(manifestSize(bytes));
        },
      ),
      RUNS,
    );
  });

  it.each([
    [0, 64, 108, 2],
    [1, 64, 108, 2],
    [65_536, 65_536, 108, 2],
    [65_537, 65_537, 108, 3],
    [8 * MIB, 8 * MIB, 144, 129],
  ])('of %d bytes is known from the size alone', (bytes, padded, manifest, blocks) => {
    const layout = layoutOf(bytes, 65_536, false);
    expect(layout.paddedSize).toBe(padded);
    expect(layout.manifestSize).toBe(manifest);
    expect(layout.blockCount).toBe(blocks);
  });

  it('gives the manifest of a large file more than one block', () => {
    const layout = layoutOf(10 * 2 ** 30, 65_536, true);
    expect(layout.blockCount - layout.dataBlocks).toBe(2);
  });
});
