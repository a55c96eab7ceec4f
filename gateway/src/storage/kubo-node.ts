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
import { readCar, writeCar } from './car.ts';
import { firstMissing, walk } from './dag.ts';
import { failureOf, kuboBlocks, type KuboAddress, type KuboBlocks } from './kubo-blocks.ts';
import type { NodeStatus, StorageNode } from './storage-node.ts';

/** Kubo waits for ever for a block that is nowhere unless it is told not to. */
const PIN_MS = 30_000;
const STATUS_MS = 5_000;

export interface KuboNodeOptions extends KuboAddress {
  readonly name: string;
}

/** Connects lazily: a node that is down is tried again each time it is asked. */
export const openKuboNode = (options: KuboNodeOptions): StorageNode => new KuboNode(options);

/** A repository's own name: that of its key. @throws where the node does not answer. */
export async function kuboIdentity({ rpc }: KuboAddress): Promise<string> {
  const { id } = await create({ url: rpc }).id({ signal: AbortSignal.timeout(STATUS_MS) });
  return id.toString();
}

class KuboNode implements StorageNode {
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

  async importCar(root: CID, car: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    for await (const { cid, bytes } of readCar(root, car)) await this.put(cid, bytes, signal);
    await this.pin(root, signal);
  }

  exportCar(root: CID, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return writeCar(
      root,
      walk(root, (cid) => this.get(cid, signal)),
    );
  }

  async pin(root: CID, signal: AbortSignal): Promise<void> {
    const missing = await firstMissing(root, {
      get: (cid) => this.get(cid, signal),
      has: (cid) => this.has(cid, signal),
    });
    if (missing !== undefined) {
      throw new HoldfastError('NOT_FOUND', `${this.name} has no block ${missing.toString()}`);
    }
    await this.#reach(signal, () => this.#rpc.pin.add(root, { signal, timeout: PIN_MS }));
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

  async *pins(signal: AbortSignal): AsyncIterable<CID> {
    const cids = await this.#reach(signal, async () => {
      const found: CID[] = [];
      for await (const { cid } of this.#rpc.pin.ls({ type: 'recursive', signal })) found.push(cid);
      return found;
    });
    // `ipfs init` pins a folder of its own, version 0, as nothing of ours is
    yield* cids.filter(({ version }) => version === 1);
  }

  async status(signal: AbortSignal): Promise<NodeStatus> {
    signal.throwIfAborted();
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(STATUS_MS)]);
      const { repoSize, storageMax } = await this.#rpc.repo.stat({ signal: within });
      return { up: true, freeBytes: storageMax > repoSize ? storageMax - repoSize : 0n };
    } catch {
      return { up: false, freeBytes: 0n };
    }
  }

  async #reach<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (cause) {
      signal.throwIfAborted();
      if (cause instanceof HoldfastError) throw cause;
      const known = failureOf(messageOf(cause));
      if (known instanceof HoldfastError) throw known;
      throw new HoldfastError('STORAGE_UNREACHABLE', `storage node ${this.name} does not answer`, {
        cause,
      });
    }
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
