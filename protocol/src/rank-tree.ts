/**
 * The tree over the blocks of one file, in which a block is found, put in, exchanged and taken out by its position
 * (paper 003 section 3.3, the lower of its nested trees).
 *
 * Deviation: paper 003 appends a level for each insertion and leaves deleted nodes in place. Here counts stand in the
 * hash (`file-root.ts`) and the tree is kept balanced by weight with the parameters <3, 2> of Hirai and Yamamoto 2011: no
 * side has more than three times the leaves of the other, so that every operation is logarithmic and space is given back.
 *
 * Trees are values: an operation answers a new tree that shares what did not change. A part of a tree may be closed,
 * known by its hash and count alone (`partial-tree.ts`). The shape depends on the order of operations: two histories that
 * end in the same blocks usually end in different roots.
 *
 * @module
 */
import { equalBytes } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { leafHash, nodeHash, treeHash, type Subtree } from './file-root.ts';
import type { Leaf } from './leaf-list.ts';

/** The leaf of one block. */
export interface BlockLeaf extends Subtree {
  readonly kind: 'leaf';
  readonly leaf: Leaf;
}

export interface Branch extends Subtree {
  readonly kind: 'branch';
  readonly left: RankTree;
  readonly right: RankTree;
}

/** A part of which no more is known than its parent's hash says; of count 1, a leaf. */
export interface Closed extends Subtree {
  readonly kind: 'closed';
}

export type RankTree = BlockLeaf | Branch | Closed;

/** Told of each branch and leaf that an operation looks into. */
export type Visit = (part: BlockLeaf | Branch) => void;

/** Most leaves that one side may have for each leaf of the other. */
const BALANCE = 3;
/** From how many leaves inside for each leaf outside a rotation must be double. */
const ROTATION = 2;

const unseen: Visit = () => undefined;

export const newLeaf = (leaf: Leaf): BlockLeaf => ({
  kind: 'leaf',
  leaf,
  count: 1,
  hash: leafHash(leaf.uid, leaf.length, leaf.digest),
});

export const newBranch = (left: RankTree, right: RankTree): Branch => ({
  kind: 'branch',
  left,
  right,
  count: left.count + right.count,
  hash: nodeHash(left, right),
});

/** (Owner, Provider) The tree of a file that was never edited; undefined for no blocks. */
export function buildTree(leaves: readonly Leaf[]): RankTree | undefined {
  const build = (from: number, to: number): RankTree => {
    const leaf = leaves[from];
    if (leaf === undefined) throw new Error('bug: a subtree without leaves');
    if (to - from === 1) return newLeaf(leaf);
    const middle = Math.floor((from + to) / 2);
    return newBranch(build(from, middle), build(middle, to));
  };
  return leaves.length === 0 ? undefined : build(0, leaves.length);
}

/** Hash of the top of a tree, as the root of a file takes it. */
export const topOf = (tree: RankTree | undefined): Uint8Array => tree?.hash ?? treeHash([]);

/** The leaves of an open tree in order of position. */
export function* leavesOf(tree: RankTree | undefined): Generator<Leaf> {
  if (tree === undefined) return;
  if (tree.kind === 'leaf') {
    yield tree.leaf;
    return;
  }
  const { left, right } = opened(tree, unseen);
  yield* leavesOf(left);
  yield* leavesOf(right);
}

/**
 * The leaf at a position.
 *
 * @param position - counted from 0, below the count of the tree.
 * @throws `INPUT_INVALID` where the way to it, or it, is closed.
 */
export function leafAt(tree: RankTree, position: number, visit: Visit = unseen): Leaf {
  if (tree.count === 1) return openLeaf(tree, visit).leaf;
  const { left, right } = opened(tree, visit);
  return position < left.count
    ? leafAt(left, position, visit)
    : leafAt(right, position - left.count, visit);
}

/** The tree with another leaf at a position below its count. */
export function updateAt(
  tree: RankTree,
  position: number,
  leaf: Leaf,
  visit: Visit = unseen,
): RankTree {
  if (tree.count === 1) return newLeaf(leaf);
  const { left, right } = opened(tree, visit);
  return position < left.count
    ? newBranch(updateAt(left, position, leaf, visit), right)
    : newBranch(left, updateAt(right, position - left.count, leaf, visit));
}

/**
 * The tree with a leaf more, before the one at `position`, or behind all where `position` is the count. Between two
 * sides it goes to the one with fewer leaves.
 */
export function insertAt(
  tree: RankTree | undefined,
  position: number,
  leaf: Leaf,
  visit: Visit = unseen,
): RankTree {
  if (tree === undefined) return newLeaf(leaf);
  if (tree.count === 1) {
    return position === 0 ? newBranch(newLeaf(leaf), tree) : newBranch(tree, newLeaf(leaf));
  }
  const { left, right } = opened(tree, visit);
  const isBetween = position === left.count;
  const goesLeft = isBetween ? left.count <= right.count : position < left.count;
  return goesLeft
    ? balanced(insertAt(left, position, leaf, visit), right, visit)
    : balanced(left, insertAt(right, position - left.count, leaf, visit), visit);
}

/** The tree without the leaf at a position below its count; undefined where it was the last. */
export function deleteAt(
  tree: RankTree,
  position: number,
  visit: Visit = unseen,
): RankTree | undefined {
  if (tree.count === 1) return undefined;
  const { left, right } = opened(tree, visit);
  if (position < left.count) {
    const rest = deleteAt(left, position, visit);
    return rest === undefined ? right : balanced(rest, right, visit);
  }
  const rest = deleteAt(right, position - left.count, visit);
  return rest === undefined ? left : balanced(left, rest, visit);
}

/** Joins two sides, one of which may have grown or shrunk by a leaf, with at most one rotation. */
function balanced(left: RankTree, right: RankTree, visit: Visit): RankTree {
  if (right.count > BALANCE * left.count) {
    const { left: inner, right: outer } = opened(right, visit);
    if (inner.count < ROTATION * outer.count) return newBranch(newBranch(left, inner), outer);
    const middle = opened(inner, visit);
    return newBranch(newBranch(left, middle.left), newBranch(middle.right, outer));
  }
  if (left.count > BALANCE * right.count) {
    const { left: outer, right: inner } = opened(left, visit);
    if (inner.count < ROTATION * outer.count) return newBranch(outer, newBranch(inner, right));
    const middle = opened(inner, visit);
    return newBranch(newBranch(outer, middle.left), newBranch(middle.right, right));
  }
  return newBranch(left, right);
}

/** The two sides of a tree of two leaves or more. */
function opened(tree: RankTree, visit: Visit): Branch {
  if (tree.kind !== 'branch') throw closed();
  visit(tree);
  return tree;
}

function openLeaf(tree: RankTree, visit: Visit): BlockLeaf {
  if (tree.kind !== 'leaf') throw closed();
  visit(tree);
  return tree;
}

const closed = (): HoldfastError =>
  new HoldfastError('INPUT_INVALID', 'the partial tree is closed where the edit leads');

/** One step from a leaf up to the top: the sibling, and the side on which it stands. */
export interface PathStep {
  readonly side: 'left' | 'right';
  readonly sibling: Subtree;
}

/** (Owner, Provider) The siblings from the leaf at `position` up to the top. */
export function pathTo(tree: RankTree, position: number): PathStep[] {
  if (tree.count === 1) return [];
  const { left, right } = opened(tree, unseen);
  return position < left.count
    ? [...pathTo(left, position), { side: 'right', sibling: sealed(right) }]
    : [...pathTo(right, position - left.count), { side: 'left', sibling: sealed(left) }];
}

const sealed = ({ hash, count }: Subtree): Subtree => ({ hash, count });

/** Whether `leaf` stands at `position` of a tree of `count` leaves with the top `top`. */
export function verifyPath(
  {
    top,
    count,
    position,
    leaf,
  }: {
    readonly top: Uint8Array;
    readonly count: number;
    readonly position: number;
    readonly leaf: Leaf;
  },
  path: readonly PathStep[],
): boolean {
  let climbed: Subtree = newLeaf(leaf);
  let before = 0;
  for (const { side, sibling } of path) {
    if (!isSubtree(sibling)) return false;
    const [left, right] = side === 'left' ? [sibling, climbed] : [climbed, sibling];
    if (side === 'left') before += sibling.count;
    climbed = { hash: nodeHash(left, right), count: left.count + right.count };
  }
  return climbed.count === count && before === position && equalBytes(climbed.hash, top);
}

const isSubtree = ({ hash, count }: Subtree): boolean =>
  hash.length === 32 && Number.isInteger(count) && count >= 1 && count <= 0xffff_ffff;
