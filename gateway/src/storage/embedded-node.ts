/**
 * A storage node that is a folder: blocks in Kubo's own layout below `blocks/`, one empty file a pinned root below
 * `pins/`.
 *
 * A node is down when its folder cannot be reached: nothing here makes the folder anew once the node is open. Folders on
 * one disk are one failure domain.
 *
 * @module
 */
import { readdir, stat, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { CID } from 'multiformats/cid';
import { newStorageNode, type NodeDriver, type NodePatience } from './driven-node.ts';
import { errnoOf, makeFolder, syncFolder, writeDurably } from './durable-file.ts';
import { openFlatfs, type Flatfs } from './flatfs.ts';
import type { StorageNode } from './storage-node.ts';

export interface EmbeddedNodeOptions {
  readonly name: string;
  readonly folder: string;
  /** Whether the node had a folder before: then it is not made anew, its disk may only be away. */
  readonly isKnown?: boolean;
}

/** Opens the node, making its folder where it is new; where that fails it is down, and tried again when it is asked. */
export async function openEmbeddedNode(
  options: EmbeddedNodeOptions,
  patience?: NodePatience,
): Promise<StorageNode> {
  const node = newStorageNode(new EmbeddedNode(options), patience);
  await node.status(new AbortController().signal);
  return node;
}

async function openFolder({ folder, isKnown = false }: EmbeddedNodeOptions): Promise<Flatfs> {
  if (isKnown) await stat(folder);
  const flatfs = await openFlatfs(join(folder, 'blocks'));
  await makeFolder(join(folder, 'pins'));
  return flatfs;
}

class EmbeddedNode implements NodeDriver {
  readonly name: string;
  readonly #folder: string;
  readonly #options: EmbeddedNodeOptions;
  #flatfs: Promise<Flatfs> | undefined;
  #pinned = 0;

  constructor(options: EmbeddedNodeOptions) {
    this.name = options.name;
    this.#folder = options.folder;
    this.#options = options;
  }

  put(cid: CID, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#reach(signal, (flatfs) => flatfs.put(cid, bytes));
  }

  get(cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#reach(signal, async (flatfs) => {
      const bytes = await flatfs.get(cid);
      if (bytes === undefined) await flatfs.check();
      return bytes;
    });
  }

  has(cid: CID, signal: AbortSignal): Promise<boolean> {
    return this.#reach(signal, async (flatfs) => {
      const found = await flatfs.has(cid);
      if (!found) await flatfs.check();
      return found;
    });
  }

  remove(cid: CID, signal: AbortSignal): Promise<void> {
    return this.#reach(signal, async (flatfs) => {
      await flatfs.remove(cid);
      await flatfs.check();
    });
  }

  keep(root: CID, signal: AbortSignal): Promise<void> {
    return this.#reach(signal, async () => {
      const temporary = join(this.#folder, 'blocks', '.temp', `pin-${this.#pinned++}`);
      await writeDurably(this.#pinPath(root), temporary, new Uint8Array());
    });
  }

  unpin(root: CID, signal: AbortSignal): Promise<void> {
    return this.#reach(signal, async () => {
      await unlink(this.#pinPath(root)).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw error;
      });
      await syncFolder(join(this.#folder, 'pins'));
    });
  }

  async roots(signal: AbortSignal): Promise<CID[]> {
    const names = await this.#reach(signal, () => readdir(join(this.#folder, 'pins')));
    return names.toSorted().map((name) => CID.parse(name));
  }

  freeBytes(signal: AbortSignal): Promise<bigint> {
    return this.#reach(signal, async (flatfs) => {
      await flatfs.check();
      const { bavail, bsize } = await statfs(this.#folder, { bigint: true });
      return bavail * bsize;
    });
  }

  /** Once it is open its folder is never made anew: a disk that went away would be written beside. */
  #opened(): Promise<Flatfs> {
    this.#flatfs ??= openFolder(this.#options).catch((error: unknown) => {
      this.#flatfs = undefined;
      throw error;
    });
    return this.#flatfs;
  }

  #pinPath(root: CID): string {
    return join(this.#folder, 'pins', root.toString());
  }

  async #reach<T>(signal: AbortSignal, work: (flatfs: Flatfs) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await work(await this.#opened());
    } catch (cause) {
      if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(cause) ?? '')) throw cause;
      throw new HoldfastError('STORE_FULL', `storage node ${this.name} has no space left`, {
        cause,
      });
    }
  }
}
