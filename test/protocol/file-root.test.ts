import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { fileRoot, leafHash, treeHash } from '@holdfast/protocol/file-root.js';

const salt = new Uint8Array(32).fill(7);

/** The layouts, written out with Buffer. */
const sha256 = (...parts: Uint8Array[]) =>
  createHash('sha256').update(Buffer.concat(parts)).digest();
const number = (value: number, bytes: number) => {
  const field = Buffer.alloc(bytes);
  field.writeUIntBE(value, bytes - 6 > 0 ? bytes - 6 : 0, Math.min(bytes, 6));
  return field;
};
const block = (i: number) => sha256(number(i, 4));
const leaf = (i: number) => leafHash(i, 262_144, block(i));

describe('a leaf of a file', () => {
  it('hashes id, length and digest of its block', () => {
    const expected = sha256(number(0, 1), number(3, 8), number(262_144, 4), block(3));
    expect(hex(leaf(3))).toBe(expected.toString('hex'));
  });

  it('changes with the id, the length and the digest', () => {
    const others = [leafHash(4, 262_144, block(3)), leafHash(3, 1, block(3)), leaf(4)];
    expect(new Set([leaf(3), ...others].map(hex)).size).toBe(4);
  });
});

describe('the tree of a file that was never edited', () => {
  it('splits five leaves into two and three, and binds how many stand on each side', () => {
    const [a, b, c, d, e] = [0, 1, 2, 3, 4].map((i) => Buffer.from(leaf(i)));
    if (
      a === undefined ||
      b === undefined ||
      c === undefined ||
      d === undefined ||
      e === undefined
    ) {
      throw new Error('five leaves');
    }
    const node = (left: Buffer, leftCount: number, right: Buffer, rightCount: number) =>
      sha256(number(1, 1), number(leftCount, 8), number(rightCount, 8), left, right);
    const top = node(node(a, 1, b, 1), 2, node(c, 1, node(d, 1, e, 1), 2), 3);
    expect(hex(treeHash([a, b, c, d, e]))).toBe(top.toString('hex'));
  });

  it('is the leaf itself for one block, and 32 zero bytes for none', () => {
    expect(hex(treeHash([leaf(0)]))).toBe(hex(leaf(0)));
    expect(hex(treeHash([]))).toBe('00'.repeat(32));
  });
});

describe('the root on the ledger', () => {
  it('hashes salt, count and top', () => {
    const top = treeHash([leaf(0), leaf(1)]);
    const expected = sha256(number(3, 1), salt, number(2, 8), top);
    expect(hex(fileRoot(salt, 2, top))).toBe(expected.toString('hex'));
  });

  it('differs between owners of one ciphertext, whose trees are equal', () => {
    const top = treeHash([leaf(0), leaf(1)]);
    const stranger = new Uint8Array(32).fill(8);
    expect(hex(treeHash([leaf(0), leaf(1)]))).toBe(hex(top));
    expect(hex(fileRoot(stranger, 2, top))).not.toBe(hex(fileRoot(salt, 2, top)));
  });

  it('differs by count where the tops are equal', () => {
    const top = treeHash([leaf(0)]);
    expect(hex(fileRoot(salt, 2, top))).not.toBe(hex(fileRoot(salt, 1, top)));
  });

  it('exists for a file without blocks', () => {
    const expected = sha256(number(3, 1), salt, number(0, 8), Buffer.alloc(32));
    expect(hex(fileRoot(salt, 0, treeHash([])))).toBe(expected.toString('hex'));
  });
});
