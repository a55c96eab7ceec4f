/**
 * Merkle trees of RFC 9162 section 2.1, the same as in RFC 6962: over the plaintext leaves of a file (tau), and over the
 * members of a batch.
 *
 * All functions take leaf hashes, so that nobody needs the leaves themselves at once.
 *
 * @module
 */
import { platform } from '#platform';
import { equalBytes } from './bytes.ts';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash of a leaf: `SHA-256(0x00 || leaf)`. */
export const hashLeaf = (leaf: Uint8Array): Uint8Array => platform.sha256(LEAF, leaf);

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  platform.sha256(NODE, left, right);

/**
 * Root of the tree over leaf hashes in order (RFC 9162 section 2.1.1).
 *
 * @param leafHashes - 32 bytes each; none gives the hash of the empty string.
 */
export function treeRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  const [only] = leafHashes;
  if (only === undefined) return platform.sha256();
  if (leafHashes.length === 1) return only;
  const split = largestPowerBelow(leafHashes.length);
  return nodeHash(treeRoot(leafHashes.slice(0, split)), treeRoot(leafHashes.slice(split)));
}

/**
 * The siblings from a leaf up to the root (RFC 9162 section 2.1.3.1).
 *
 * @param index - position of the leaf, counted from 0; it must exist.
 * @returns 32 bytes each, at most ceil(log2 n) of them.
 */
export function inclusionPath(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!(Number.isInteger(index) && index >= 0 && index < leafHashes.length)) {
    throw new Error(`bug: no leaf ${index} among ${leafHashes.length}`);
  }
  if (leafHashes.length === 1) return [];
  const split = largestPowerBelow(leafHashes.length);
  const left = leafHashes.slice(0, split);
  const right = leafHashes.slice(split);
  return index < split
    ? [...inclusionPath(left, index), treeRoot(right)]
    : [...inclusionPath(right, index - split), treeRoot(left)];
}

/** Whether `leaf` is the hash of leaf `index` of a tree of `size` leaves under `root` (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(
  { root, size, index, leaf }: { root: Uint8Array; size: number; index: number; leaf: Uint8Array },
  path: readonly Uint8Array[],
): boolean {
  const isPlace = Number.isSafeInteger(size) && Number.isSafeInteger(index) && index >= 0;
  if (!isPlace || index >= size || path.some((hash) => hash.length !== 32)) return false;
  const found = climb({ size, index, leaf }, path);
  return found !== undefined && equalBytes(found, root);
}

/** The root that a path leads to, undefined where it has another length than a path in such a tree. */
function climb(
  { size, index, leaf }: { size: number; index: number; leaf: Uint8Array },
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (size === 1) return path.length === 0 ? leaf : undefined;
  const sibling = path.at(-1);
  if (sibling === undefined) return undefined;
  const split = largestPowerBelow(size);
  const isLeft = index < split;
  const side = isLeft ? { size: split, index } : { size: size - split, index: index - split };
  const below = climb({ ...side, leaf }, path.slice(0, -1));
  if (below === undefined) return undefined;
  return isLeft ? nodeHash(below, sibling) : nodeHash(sibling, below);
}

/** The largest power of two smaller than `count`, which is at least 2. */
function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}
