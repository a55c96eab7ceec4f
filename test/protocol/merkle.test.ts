import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, hex } from '@holdfast/protocol/bytes.js';
import { hashLeaf, inclusionPath, treeRoot, verifyInclusion } from '@holdfast/protocol/merkle.js';
import { vectors } from '../support/vectors.ts';
import { flipped } from '../support/tamper.ts';
import { RUNS } from '../support/property.ts';

interface MerkleVectors {
  readonly leaves: string[];
  readonly emptyRoot: string;
  readonly roots: string[];
  readonly paths: { index: number; size: number; path: string[] }[];
}

const published = vectors<MerkleVectors>('rfc6962-merkle.json');
const leaves = published.leaves.map((leaf) => hashLeaf(fromHex(leaf)));

describe('a tree of RFC 9162', () => {
  it('has the published roots', () => {
    const roots = leaves.map((_, i) => hex(treeRoot(leaves.slice(0, i + 1))));
    expect(roots).toEqual(published.roots);
  });

  it('has the hash of nothing as root over no leaves', () => {
    expect(hex(treeRoot([]))).toBe(published.emptyRoot);
  });

  it.each(published.paths)('has the published path of leaf $index of $size', (vector) => {
    const path = inclusionPath(leaves.slice(0, vector.size), vector.index);
    expect(path.map(hex)).toEqual(vector.path);
  });

  it('proves every leaf of every size, and no other leaf at that place', () => {
    for (let size = 1; size <= 33; size++) {
      const hashes = Array.from({ length: size }, (_, i) => hashLeaf(Uint8Array.of(i)));
      const root = treeRoot(hashes);
      for (const [index, leaf] of hashes.entries()) {
        const path = inclusionPath(hashes, index);
        expect(verifyInclusion({ root, size, index, leaf }, path)).toBe(true);
        const other = (index + 1) % (size + 1);
        expect(verifyInclusion({ root, size, index: other, leaf }, path)).toBe(false);
        expect(verifyInclusion({ root, size, index: index + size, leaf }, path)).toBe(false);
      }
    }
  });

  it('refuses a path with any byte changed, one step more or one step less', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), fc.nat(), (size, at, bit) => {
        const hashes = Array.from({ length: size }, (_, i) => hashLeaf(Uint8Array.of(i)));
        const index = at % size;
        const leaf = hashLeaf(Uint8Array.of(index));
        const claim = { root: treeRoot(hashes), size, index, leaf };
        const path = inclusionPath(hashes, index);
        const step = bit % path.length;
        const changed = path.map((hash, i) => (i === step ? flipped(hash, bit) : hash));
        expect(verifyInclusion(claim, path)).toBe(true);
        expect(verifyInclusion(claim, changed)).toBe(false);
        expect(verifyInclusion(claim, path.slice(1))).toBe(false);
        expect(verifyInclusion(claim, [...path, leaf])).toBe(false);
        expect(verifyInclusion({ ...claim, leaf: flipped(leaf, bit) }, path)).toBe(false);
        expect(verifyInclusion({ ...claim, root: flipped(claim.root, bit) }, path)).toBe(false);
      }),
      RUNS,
    );
  });

  it.each([
    [-1, 4],
    [4, 4],
    [0.5, 4],
    [0, 0],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
  ])('holds no leaf %d of %d', (index, size) => {
    const [leaf] = leaves;
    const root = treeRoot(leaves.slice(0, 1));
    if (leaf === undefined) throw new Error('no leaf');
    expect(verifyInclusion({ root, size, index, leaf }, [])).toBe(false);
  });

  it('does not take a node for a leaf', () => {
    const [a, b] = [hashLeaf(Uint8Array.of(1)), hashLeaf(Uint8Array.of(2))];
    const root = treeRoot([a, b]);
    const forged = hashLeaf(new Uint8Array([...a, ...b]));
    expect(hex(forged)).not.toBe(hex(root));
    expect(verifyInclusion({ root, size: 1, index: 0, leaf: forged }, [])).toBe(false);
  });

  it.each([-1, 8, 1.5])('has no path to a leaf %d of eight', (index) => {
    expect(() => inclusionPath(leaves, index)).toThrow('bug: no leaf');
  });
});
