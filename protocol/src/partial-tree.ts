/**
 * The part of a file's tree that an amendment touches: enough for the ledger to compute the new root itself from the old
 * one, without the file (constructions, section 3).
 *
 * ```text
 * part = 0x00 || u64 uid || u32 length || digest (32)      leaf
 *      | 0x01 || part || part                              branch
 *      | 0x02 || u32 count || hash (32)                    closed
 * ```
 *
 * Counts stand in every hash, so what a part is (branch, leaf, closed) cannot be denied, and balancing takes the same way
 * on the partial tree as on the whole one.
 *
 * @module
 */
import { applyEdits, type BlockEdit, type EditedTree, type LoggedEdit } from './block-edit.ts';
import { concat, equalBytes, toInteger, u32be, u8 } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { fileRoot } from './file-root.ts';
import { decodeLeaves, encodeLeaf, LEAF_BYTES } from './leaf-list.ts';
import {
  newBranch,
  newLeaf,
  topOf,
  type BlockLeaf,
  type Branch,
  type RankTree,
} from './rank-tree.ts';

/** Bytes of a partial tree for each edit it serves. */
export const BYTES_PER_EDIT = 8_192;
const DEPTH_MAX = 64;

const [LEAF, BRANCH, CLOSED] = [0, 1, 2];
const CLOSED_BYTES = 36;

/**
 * (Owner) The partial tree for a series of edits; empty for a file without blocks.
 *
 * @param before - the whole tree as it is before them.
 */
export function provePartialTree(before: EditedTree, edits: readonly BlockEdit[]): Uint8Array {
  const touched = new Set<BlockLeaf | Branch>();
  applyEdits(before, edits, (part) => touched.add(part));
  const parts: Uint8Array[] = [];
  const encode = (tree: RankTree): void => {
    if (tree.kind === 'closed' || !touched.has(tree)) {
      parts.push(u8(CLOSED), u32be(tree.count), tree.hash);
    } else if (tree.kind === 'leaf') {
      parts.push(u8(LEAF), encodeLeaf(tree.leaf));
    } else {
      parts.push(u8(BRANCH));
      encode(tree.left);
      encode(tree.right);
    }
  };
  if (before.tree !== undefined) encode(before.tree);
  return concat(...parts);
}

/**
 * (Ledger) The tree in an encoding.
 *
 * @throws `INPUT_INVALID` where it is cut off, goes on behind its end, is deeper than 64 or counts 2^32 blocks or more.
 */
export function parsePartialTree(bytes: Uint8Array): RankTree | undefined {
  if (bytes.length === 0) return undefined;
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw malformed(`cut off at byte ${bytes.length}`);
    at += length;
    return bytes.slice(at - length, at);
  };
  const read = (depth: number): RankTree => {
    if (depth > DEPTH_MAX) throw malformed(`deeper than ${DEPTH_MAX}`);
    const [kind] = take(1);
    if (kind === LEAF) return readLeaf(take(LEAF_BYTES));
    if (kind === CLOSED) return readClosed(take(CLOSED_BYTES));
    if (kind !== BRANCH) throw malformed(`no part begins with ${kind}`);
    const left = read(depth + 1);
    const right = read(depth + 1);
    if (left.count + right.count > 0xffff_ffff) throw malformed('2^32 blocks or more');
    return newBranch(left, right);
  };
  const tree = read(0);
  if (at !== bytes.length) throw malformed(`goes on behind byte ${at}`);
  return tree;
}

function readLeaf(bytes: Uint8Array): RankTree {
  const [leaf] = decodeLeaves(bytes);
  if (leaf === undefined) throw new Error('bug: no leaf in the bytes of one');
  return newLeaf(leaf);
}

function readClosed(bytes: Uint8Array): RankTree {
  const count = Number(toInteger(bytes.slice(0, 4)));
  if (count === 0) throw malformed('a closed part without blocks');
  return { kind: 'closed', count, hash: bytes.slice(4) };
}

const malformed = (reason: string): HoldfastError =>
  new HoldfastError('INPUT_INVALID', `partial tree: ${reason}`);

/** What the ledger holds of a file's tree. */
export interface TreeState {
  readonly root: Uint8Array;
  readonly blockCount: number;
  readonly nextUid: number;
}

/**
 * (Ledger) The state after an amendment, computed from the state before it: steps 2 and 3 of `files:amend`.
 *
 * @param proof - the partial tree, at most 8 KiB for each edit.
 * @returns the new state, and what goes on record of the edits.
 * @throws `PROOF_INVALID` where the partial tree is not one of this state; `INPUT_INVALID` where it is malformed, too
 *   large or closed where an edit leads, or an edit is impossible.
 */
export function amendTree(
  { root, blockCount, nextUid }: TreeState,
  salt: Uint8Array,
  proof: Uint8Array,
  edits: readonly BlockEdit[],
): TreeState & { readonly logged: readonly LoggedEdit[] } {
  if (proof.length > BYTES_PER_EDIT * edits.length) {
    throw malformed(`more than ${BYTES_PER_EDIT} bytes for each edit`);
  }
  const tree = parsePartialTree(proof);
  const count = tree?.count ?? 0;
  if (count !== blockCount || !equalBytes(fileRoot(salt, count, topOf(tree)), root)) {
    throw new HoldfastError('PROOF_INVALID', 'the partial tree is not of the present version');
  }
  const after = applyEdits({ tree, nextUid }, edits);
  const newCount = after.tree?.count ?? 0;
  return {
    root: fileRoot(salt, newCount, topOf(after.tree)),
    blockCount: newCount,
    nextUid: after.nextUid,
    logged: after.logged,
  };
}
