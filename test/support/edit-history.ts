/**
 * A file's blocks in a plain array: the naive model that trees and logs are compared with, and histories of random edits
 * on both.
 */
import { createHash } from 'node:crypto';
import type { BlockEdit, EditedTree, LoggedEdit } from '@holdfast/protocol/block-edit.js';
import { u32be } from '@holdfast/protocol/bytes.js';
import type { Leaf } from '@holdfast/protocol/leaf-list.js';
import { buildTree } from '@holdfast/protocol/rank-tree.js';

export type Draw = (below: number) => number;

/** Whole numbers from random bytes. */
export const drawFrom =
  (random: (length: number) => Uint8Array): Draw =>
  (below) =>
    new DataView(random(4).buffer).getUint32(0) % below;

export const blockOf = (uid: number) => ({
  length: 262_144,
  digest: new Uint8Array(createHash('sha256').update(u32be(uid)).digest()),
});
export const leafOf = (uid: number): Leaf => ({ uid, ...blockOf(uid) });
export const leavesFrom = (count: number): Leaf[] =>
  Array.from({ length: count }, (_, i) => leafOf(i));

export const newTree = (count: number): EditedTree => ({
  tree: buildTree(leavesFrom(count)),
  nextUid: count,
});

/** Edits that are possible one after the other from `count` blocks on; new blocks take ids from `nextUid`. */
export function drawEdits(
  draw: Draw,
  length: number,
  { count, nextUid = count }: { count: number; nextUid?: number },
): BlockEdit[] {
  let left = count;
  let uid = nextUid;
  return Array.from({ length }, () => {
    const kind = left === 0 ? 'insert' : (['update', 'insert', 'delete'] as const)[draw(3)];
    if (kind === 'delete') return { kind, position: draw(left--) };
    if (kind === 'insert') return { kind, position: draw(++left), block: blockOf(uid++) };
    return { kind: 'update', position: draw(left), block: blockOf(uid++) };
  });
}

/** The same edits on an array of ids. */
export function onArray(
  uids: number[],
  edits: readonly BlockEdit[],
  nextUid: number,
): LoggedEdit[] {
  let next = nextUid;
  return edits.map(({ kind, position }) => {
    const removed = kind === 'insert' ? [] : uids.splice(position, 1);
    if (kind !== 'delete') uids.splice(position, 0, next++);
    return { kind, position, killedUid: removed[0] ?? 0 };
  });
}
