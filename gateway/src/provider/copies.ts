/**
 * Copies of a file between nodes: what is missing or damaged on one is taken from another that has it whole.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { blockCid, fileDag } from '@holdfast/protocol/file-cid.js';
import type { Leaf } from '@holdfast/protocol/leaf-list.js';
import type { CID } from 'multiformats/cid';
import { isWhole } from '../storage/block-cid.ts';
import type { DagBlock } from '../storage/dag.ts';
import type { Catalogue } from './catalogue.ts';
import { leavesOf } from './file-rows.ts';
import { ownerDag } from './owner-dag.ts';
import { nodeNamed, wholeBlock, type Store } from './block-store.ts';
import type { TaggedFile } from './tagged-file.ts';

/** All that is kept of a file besides its blocks: the inner nodes over them, and its owner's own DAG. */
export async function innerBlocks(
  catalogue: Catalogue,
  fileId: string,
  leaves: readonly Leaf[],
): Promise<{
  readonly roots: readonly [content: CID, own: CID];
  readonly blocks: readonly DagBlock[];
}> {
  const content = fileDag(leaves);
  const own = await ownerDag(catalogue, fileId);
  return { roots: [content.cid, own.cid], blocks: [...content.nodes, ...own.blocks] };
}

/**
 * Makes a node's copy of an accepted file whole and pins it.
 *
 * @throws `FILE_LOST` where a block is whole on no node, `STORAGE_UNREACHABLE`, `STORE_FULL`.
 */
export async function fillNode(store: Store, file: TaggedFile, name: string): Promise<void> {
  const node = nodeNamed(store, name);
  const { catalogue, signal } = store;
  const leaves = await leavesOf(catalogue, file.fileId);
  await repairBlocks(store, file, name, leaves);
  const { roots, blocks } = await innerBlocks(catalogue, file.fileId, leaves);
  for (const { cid, bytes } of blocks) await node.put(cid, bytes, signal);
  for (const root of roots) await node.pin(root, signal);
}

/**
 * Mends those of the blocks that are not whole on a node, all that can be mended.
 *
 * @returns the ids of the blocks that had to be mended.
 * @throws as {@link fillNode}.
 */
export async function repairBlocks(
  store: Store,
  file: TaggedFile,
  name: string,
  leaves: readonly Leaf[],
): Promise<number[]> {
  const node = nodeNamed(store, name);
  const others = file.nodes.filter((other) => other !== name);
  const mended: number[] = [];
  const lost: number[] = [];
  for (const leaf of leaves) {
    const cid = blockCid(leaf.digest);
    const present = await node.get(cid, store.signal);
    if (present !== undefined && isWhole(cid, present)) continue;
    const bytes = await unlessLost(wholeBlock(store, leaf, others));
    if (bytes === undefined) lost.push(leaf.uid);
    else await node.put(cid, bytes, store.signal);
    mended.push(leaf.uid);
  }
  if (lost.length === 0) return mended;
  throw new HoldfastError('FILE_LOST', `blocks ${lost.join(', ')} are whole on no node`);
}

async function unlessLost<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'FILE_LOST') return undefined;
    throw error;
  }
}
