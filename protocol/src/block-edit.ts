/**
 * Edits of single blocks, as owner, provider and ledger apply them alike (paper 003 section 4.3: update, insert, delete).
 *
 * @module
 */
import { HoldfastError } from './errors.ts';
import type { StoredBlock } from './file-cid.ts';
import { deleteAt, insertAt, leafAt, updateAt, type RankTree, type Visit } from './rank-tree.ts';

/** Most edits in one amendment of a file. */
export const EDITS_MAX = 256;
/** Ids of blocks stand in 32 bits in the log of edits. */
const UID_MAX = 0xffff_ffff;

/** What the owner wants done, at a position counted from 0 in the tree as earlier edits have left it. */
export type BlockEdit =
  | {
      readonly kind: 'update' | 'insert';
      readonly position: number;
      /** The ciphertext that is to stand there. */
      readonly block: StoredBlock;
    }
  | { readonly kind: 'delete'; readonly position: number };

export type EditKind = BlockEdit['kind'];

/** What is on record of an edit. */
export interface LoggedEdit {
  readonly kind: EditKind;
  readonly position: number;
  /** Id of the block that was replaced or deleted; 0 for an insertion. */
  readonly killedUid: number;
}

/** A tree, and the id that the next block will get. */
export interface EditedTree {
  readonly tree: RankTree | undefined;
  readonly nextUid: number;
}

/**
 * (Owner, Provider, Ledger) Applies edits one after the other. Every block that comes gets an id that was never used, in
 * the order of the edits.
 *
 * @param visit - told of every part of a tree that is looked into.
 * @throws `INPUT_INVALID` where there is no edit or more than 256, or a position does not exist.
 */
export function applyEdits(
  { tree, nextUid }: EditedTree,
  edits: readonly BlockEdit[],
  visit?: Visit,
): EditedTree & { readonly logged: readonly LoggedEdit[] } {
  if (edits.length < 1 || edits.length > EDITS_MAX) {
    throw new HoldfastError(
      'INPUT_INVALID',
      `expected 1 to ${EDITS_MAX} edits, got ${edits.length}`,
    );
  }
  const logged: LoggedEdit[] = [];
  let edited: EditedTree = { tree, nextUid };
  for (const edit of edits) {
    const { killedUid, ...next } = applyEdit(edited, edit, visit);
    logged.push({ kind: edit.kind, position: edit.position, killedUid });
    edited = next;
  }
  return { ...edited, logged };
}

function applyEdit(
  { tree, nextUid }: EditedTree,
  edit: BlockEdit,
  visit?: Visit,
): EditedTree & { readonly killedUid: number } {
  const { position } = edit;
  checkPosition(edit, tree?.count ?? 0);
  if (nextUid > UID_MAX) throw new HoldfastError('INPUT_INVALID', 'no block id is left: tag anew');
  if (edit.kind === 'insert') {
    const leaf = { uid: nextUid, ...edit.block };
    return { tree: insertAt(tree, position, leaf, visit), nextUid: nextUid + 1, killedUid: 0 };
  }
  if (tree === undefined) throw new Error('bug: a position in an empty tree');
  const { uid: killedUid } = leafAt(tree, position, visit);
  if (edit.kind === 'delete') return { tree: deleteAt(tree, position, visit), nextUid, killedUid };
  const leaf = { uid: nextUid, ...edit.block };
  return { tree: updateAt(tree, position, leaf, visit), nextUid: nextUid + 1, killedUid };
}

function checkPosition({ kind, position }: BlockEdit, count: number): void {
  const end = kind === 'insert' ? count : count - 1;
  if (Number.isInteger(position) && position >= 0 && position <= end) return;
  throw new HoldfastError('INPUT_INVALID', `${kind} at ${position} of ${count} blocks`);
}
