/**
 * What the ledger holds of a file's content: a salted root over its encrypted blocks (constructions, section 2).
 *
 * ```text
 * leaf = SHA-256(0x00 || u64 uid || u32 length || SHA-256(ciphertext))
 * node = SHA-256(0x01 || u64 leaves left || u64 leaves right || left || right)
 * root = SHA-256(0x03 || salt || u64 leaves || top)
 * ```
 *
 * Counts stand inside the hash, so a path proves a position (paper 003 section 3.3, where the position is claimed). Salt
 * and count stand above the top, so that the tree itself is equal for all owners of one unedited ciphertext while their
 * roots tell nobody else so.
 *
 * @module
 */
import { platform } from '#platform';
import { u32be, u64be } from './bytes.ts';

const LEAF = Uint8Array.of(0);
const NODE = 1;
const ROOT = Uint8Array.of(3);

/** What stands for the top of a tree without leaves: a file whose last block was deleted. */
const EMPTY_TOP = new Uint8Array(32);

/**
 * Hash of a block's leaf.
 *
 * @param uid - the block's id, never used twice in a file.
 * @param length - bytes of the ciphertext block.
 * @param digest - SHA-256 of the ciphertext block.
 */
export const leafHash = (uid: number, length: number, digest: Uint8Array): Uint8Array =>
  platform.sha256(LEAF, u64be(uid), u32be(length), digest);

/** A subtree as its parent sees it. */
export interface Subtree {
  readonly hash: Uint8Array;
  /** Leaves below it. */
  readonly count: number;
}

/** Hash of a node over its two subtrees and how many leaves each has. */
export function nodeHash(left: Subtree, right: Subtree): Uint8Array {
  // One buffer and one call: an edit hashes some twenty nodes, a new file as many as it has blocks.
  const bytes = new Uint8Array(81);
  const view = new DataView(bytes.buffer);
  bytes[0] = NODE;
  setCount(view, 1, left.count);
  setCount(view, 9, right.count);
  bytes.set(left.hash, 17);
  bytes.set(right.hash, 49);
  return platform.sha256(bytes);
}

/** A u64, without the two whole numbers that setBigUint64 would make of it. */
function setCount(view: DataView, at: number, count: number): void {
  view.setUint32(at, Math.floor(count / 2 ** 32));
  view.setUint32(at + 4, count);
}

/**
 * Top of the tree of a file that was never edited: at every node the left side has the smaller half.
 *
 * @param leaves - leaf hashes in the order of the blocks.
 */
export function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  return leaves.length === 0 ? EMPTY_TOP : subtree(leaves, 0, leaves.length).hash;
}

function subtree(leaves: readonly Uint8Array[], from: number, to: number): Subtree {
  const leaf = leaves[from];
  if (leaf === undefined) throw new Error('bug: a subtree without leaves');
  if (to - from === 1) return { hash: leaf, count: 1 };
  const middle = Math.floor((from + to) / 2);
  const hash = nodeHash(subtree(leaves, from, middle), subtree(leaves, middle, to));
  return { hash, count: to - from };
}

/**
 * The root on the ledger.
 *
 * @param salt - 32 bytes known to the owner, the provider and delegates.
 * @param count - live blocks; where it is 0, `top` is 32 zero bytes.
 */
export const fileRoot = (salt: Uint8Array, count: number, top: Uint8Array): Uint8Array =>
  platform.sha256(ROOT, salt, u64be(count), top);
