import { describe, expect, it } from '@jest/globals';
import { concat } from '@holdfast/protocol/bytes.js';
import { decodeLeaves, encodeLeaf } from '@holdfast/protocol/leaf-list.js';
import { blockAt, blockLength, contentLayout } from '@holdfast/protocol/padding.js';
import fc from 'fast-check';
import { RUNS } from '../support/property.ts';

const leaf = fc.record({
  uid: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  length: fc.nat({ max: 0xffff_ffff }),
  digest: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});

describe('leaf list', () => {
  it('decodes what was encoded', () => {
    fc.assert(
      fc.property(fc.array(leaf), (leaves) => {
        expect(decodeLeaves(concat(...leaves.map(encodeLeaf)))).toEqual(leaves);
      }),
      RUNS,
    );
  });

  it('refuses half a leaf, and an id that is no exact number', () => {
    const one = encodeLeaf({ uid: 7, length: 9, digest: new Uint8Array(32) });
    expect(() => decodeLeaves(one.slice(0, 43))).toThrow('INPUT_INVALID');
    expect(() => decodeLeaves(Uint8Array.of(0, 32, ...one.slice(2)))).toThrow('INPUT_INVALID');
  });
});

describe('content layout', () => {
  it('finds the block of every byte: blocks follow each other without gap or overlap', () => {
    const sizes = fc.record({
      blockSize: fc.constant(65_536),
      paddedSize: fc.integer({ min: 64, max: 300_000 }),
      manifestSize: fc.integer({ min: 1, max: 150_000 }),
    });
    fc.assert(
      fc.property(sizes, (given) => {
        const layout = contentLayout(given);
        let start = 0;
        for (let index = 0; index < layout.blockCount; index++) {
          const length = blockLength(layout, index);
          expect(length).toBeGreaterThan(0);
          expect(blockAt(layout, start)).toEqual({ index, start });
          expect(blockAt(layout, start + length - 1)).toEqual({ index, start });
          start += length;
        }
        expect(start).toBe(given.paddedSize + given.manifestSize);
      }),
      RUNS,
    );
  });
});
