/**
 * The blocks of a provider's files on its nodes: stored once however many files refer to them, removed with the last.
 *
 * @module
 */
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import type { Leaf } from '@holdfast/protocol/leaf-list.js';
import type { CID } from 'multiformats/cid';
import { isWhole } from '../storage/block-cid.ts';
import type { DagBlock } from '../storage/dag.ts';
import type { StorageNode } from '../storage/storage-node.ts';
import { hold, type Catalogue } from './catalogue.ts';
import type { KeyedQueue } from './keyed-queue.ts';

/** What every function of the provider works on. */
export interface Store {
  readonly catalogue: Catalogue;
  readonly nodes: ReadonlyMap<string, StorageNode>;
  /** One change at a time to a file (key: its id) or table (key: that of its tag key); to a block by {@link onBlock}. */
  readonly exclusive: KeyedQueue;
  /** Ends everything when the provider stops. */
  readonly signal: AbortSignal;
}

export function nodeNamed({ nodes }: Store, name: string): StorageNode {
  const node = nodes.get(name);
  if (node === undefined) throw new HoldfastError('NOT_FOUND', `no storage node ${name}`);
  return node;
}

export const isUnreachable = (error: unknown): boolean =>
  error instanceof HoldfastError && error.code === 'STORAGE_UNREACHABLE';

export const digestOf = (cid: CID): string => hex(cid.multihash.digest);

/**
 * One change at a time to a block. Its key is no file's: an owner who names a file after a block would make the file wait
 * for itself, and everybody else for that file.
 *
 * @param digest - hex.
 */
export const onBlock = <T>(
  { exclusive }: Pick<Store, 'exclusive'>,
  digest: string,
  work: () => Promise<T>,
): Promise<T> => exclusive(`block/${digest}`, work);

/**
 * Stores blocks of a file on nodes: first who refers to them, then the bytes, so that none is ever without a record.
 *
 * @returns the nodes that did not answer; what they hold of these blocks is unknown.
 * @throws `STORE_FULL`.
 */
export async function storeBlocks(
  store: Store,
  fileId: string,
  blocks: readonly DagBlock[],
  names: readonly string[],
): Promise<ReadonlySet<string>> {
  await store.catalogue.write(blocks.flatMap(({ cid }) => hold(digestOf(cid), fileId)));
  const failed = new Set<string>();
  await Promise.all(
    blocks.map((block) =>
      onBlock(store, digestOf(block.cid), () =>
        Promise.all(
          names.map(async (name) => {
            if (failed.has(name)) return;
            const isStored = await answers(() =>
              nodeNamed(store, name).put(block.cid, block.bytes, store.signal),
            );
            if (!isStored) failed.add(name);
          }),
        ),
      ),
    ),
  );
  return failed;
}

/** Whether the node answered. */
export async function answers(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (isUnreachable(error)) return false;
    throw error;
  }
}

/**
 * A block's bytes from the first of the nodes that has it whole.
 *
 * @throws `FILE_LOST` where all of them answer and none has it, else `STORAGE_UNREACHABLE`.
 */
export async function wholeBlock(
  store: Store,
  { uid, digest }: Leaf,
  names: readonly string[],
): Promise<Uint8Array> {
  const cid = blockCid(digest);
  let unreachable: unknown;
  for (const name of names) {
    try {
      const bytes = await nodeNamed(store, name).get(cid, store.signal);
      if (bytes !== undefined && isWhole(cid, bytes)) return bytes;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      unreachable = error;
    }
  }
  if (unreachable !== undefined) {
    throw new HoldfastError('STORAGE_UNREACHABLE', `block ${uid}: not all nodes answer`, {
      cause: unreachable,
    });
  }
  throw new HoldfastError('FILE_LOST', `block ${uid} is whole on none of ${names.join(', ')}`);
}
