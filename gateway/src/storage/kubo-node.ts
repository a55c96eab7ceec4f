/**
 * A storage node that is a Kubo daemon. Control goes by its RPC client, blocks by {@link kuboBlocks}.
 *
 * Its repository must have `Datastore.BlockKeyCacheSize` 0, else no write mends a damaged block, flatfs with `sync`, and
 * a gateway port with `NoFetch`, else a neighbour answers for it: `network/ipfs` makes it so.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { create, type KuboRPCClient } from 'ipfs-http-client';
import type { CID } from 'multiformats/cid';
import { newStorageNode, type NodeDriver, type NodePatience } from './driven-node.ts';
import { failureOf, kuboBlocks, type KuboAddress, type KuboBlocks } from './kubo-blocks.ts';
import type { StorageNode } from './storage-node.ts';

/** Kubo waits for ever for a block that is nowhere unless it is told not to. */
const PIN_MS = 30_000;
const IDENTITY_MS = 5_000;

export interface KuboNodeOptions extends KuboAddress {
  readonly name: string;
}

/** Connects lazily: a node that is down is tried again each time it is asked. */
export const openKuboNode = (options: KuboNodeOptions, patience?: NodePatience): StorageNode =>
  newStorageNode(kuboDriver(options), patience);

/** {@link openKuboNode} without patience. */
export const kuboDriver = (options: KuboNodeOptions): NodeDriver => new KuboNode(options);

/** A repository's own name: that of its key. @throws where the node does not answer. */
export async function kuboIdentity({ rpc }: KuboAddress): Promise<string> {
  const { id } = await create({ url: rpc }).id({ signal: AbortSignal.timeout(IDENTITY_MS) });
  return id.toString();
}

class KuboNode implements NodeDriver {
  readonly name: string;
  readonly #rpc: KuboRPCClient;
  readonly #blocks: KuboBlocks;

  constructor(options: KuboNodeOptions) {
    this.name = options.name;
    this.#rpc = create({ url: options.rpc });
    this.#blocks = kuboBlocks(options);
  }

  put(cid: CID, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#reach(signal, async () => {
      const key = await this.#blocks.put(cid, bytes, signal);
      const wanted = cid.toString();
      if (key === wanted) return;
      throw new HoldfastError('INPUT_INVALID', `the bytes are not those of ${wanted}`);
    });
  }

  get(cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#reach(signal, () => this.#blocks.get(cid, signal));
  }

  has(cid: CID, signal: AbortSignal): Promise<boolean> {
    return this.#reach(signal, () => this.#blocks.has(cid, signal));
  }

  remove(cid: CID, signal: AbortSignal): Promise<void> {
    return this.#reach(signal, async () => {
      for await (const { error } of this.#rpc.block.rm(cid, { force: true, signal })) {
        if (error) throw failureOf(error.message);
      }
    });
  }

  keep(root: CID, signal: AbortSignal): Promise<void> {
    return this.#reach(signal, async () => {
      await this.#rpc.pin.add(root, { signal, timeout: PIN_MS });
    });
  }

  unpin(root: CID, signal: AbortSignal): Promise<void> {
    return this.#reach(signal, async () => {
      try {
        await this.#rpc.pin.rm(root, { signal, timeout: PIN_MS });
      } catch (error) {
        if (!/not pinned or pinned indirectly/.test(messageOf(error))) throw error;
      }
    });
  }

  roots(signal: AbortSignal): Promise<CID[]> {
    return this.#reach(signal, async () => {
      const found: CID[] = [];
      for await (const { cid } of this.#rpc.pin.ls({ type: 'recursive', signal })) found.push(cid);
      // `ipfs init` pins a folder of its own, version 0, as nothing of ours is
      return found.filter(({ version }) => version === 1);
    });
  }

  freeBytes(signal: AbortSignal): Promise<bigint> {
    return this.#reach(signal, async () => {
      const { repoSize, storageMax } = await this.#rpc.repo.stat({ signal });
      return storageMax > repoSize ? storageMax - repoSize : 0n;
    });
  }

  async #reach<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof HoldfastError) throw cause;
      throw failureOf(messageOf(cause), cause);
    }
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
