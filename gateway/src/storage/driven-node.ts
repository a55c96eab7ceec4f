/**
 * A storage node over a driver, which does single blocks: archives and the check before a pin are the same for every kind of
 * node, and so is its patience.
 *
 * A node may take a call and never answer it. Each call has a deadline, after which the node counts as one that does not
 * answer; for a while it is then not asked again, so that whoever has much to ask of many nodes waits for it once.
 *
 * @module
 */
import { performance } from 'node:perf_hooks';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { CID } from 'multiformats/cid';
import { withDeadline } from '../deadline.ts';
import { readCar, writeCar } from './car.ts';
import { firstMissing, walk } from './dag.ts';
import type { NodeStatus, StorageNode } from './storage-node.ts';

/** Calls as {@link StorageNode} describes them. Signals are to be heeded where that is possible. */
export interface NodeDriver extends Pick<
  StorageNode,
  'name' | 'put' | 'get' | 'has' | 'remove' | 'unpin'
> {
  /** Pins a root under which everything is here. */
  keep(root: CID, signal: AbortSignal): Promise<void>;
  roots(signal: AbortSignal): Promise<readonly CID[]>;
  /** Bytes that are free. Throws where the node does not answer. */
  freeBytes(signal: AbortSignal): Promise<bigint>;
}

/** Milliseconds. */
export interface NodePatience {
  /** To read a block, or to look for one. */
  readonly readMs: number;
  /** To write or to remove one: a busy disk syncs in turn. */
  readonly writeMs: number;
  /** To pin, to unpin, to list pins. */
  readonly pinMs: number;
  readonly statusMs: number;
  /** For which a node that has let a call wait in vain is asked nothing else but how it is. */
  readonly silentMs: number;
}

export const PATIENCE: NodePatience = {
  readMs: 30_000,
  writeMs: 60_000,
  pinMs: 120_000,
  statusMs: 4_000,
  silentMs: 30_000,
};

export function newStorageNode(driver: NodeDriver, patience: NodePatience = PATIENCE): StorageNode {
  const { name } = driver;
  let silentUntil = -Infinity;

  async function call<T>(
    ms: number,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    signal.throwIfAborted();
    if (performance.now() < silentUntil) throw unreachable(name, 'it has let others wait');
    const late = (): HoldfastError => {
      silentUntil = performance.now() + patience.silentMs;
      return unreachable(name, `nothing in ${ms} ms`);
    };
    try {
      return await withDeadline(ms, signal, late, work);
    } catch (cause) {
      signal.throwIfAborted();
      throw cause instanceof HoldfastError ? cause : unreachable(name, cause);
    }
  }

  const get = (cid: CID, signal: AbortSignal) =>
    call(patience.readMs, signal, (within) => driver.get(cid, within));
  const has = (cid: CID, signal: AbortSignal) =>
    call(patience.readMs, signal, (within) => driver.has(cid, within));
  const put = (cid: CID, bytes: Uint8Array, signal: AbortSignal) =>
    call(patience.writeMs, signal, (within) => driver.put(cid, bytes, within));

  async function pin(root: CID, signal: AbortSignal): Promise<void> {
    const missing = await firstMissing(root, {
      get: (cid) => get(cid, signal),
      has: (cid) => has(cid, signal),
    });
    if (missing !== undefined) {
      throw new HoldfastError('NOT_FOUND', `${name} has no block ${missing.toString()}`);
    }
    await call(patience.pinMs, signal, (within) => driver.keep(root, within));
  }

  return {
    name,
    put,
    get,
    has,
    pin,
    remove: (cid, signal) => call(patience.writeMs, signal, (within) => driver.remove(cid, within)),
    unpin: (root, signal) => call(patience.pinMs, signal, (within) => driver.unpin(root, within)),
    async importCar(root, car, signal) {
      for await (const { cid, bytes } of readCar(root, car)) await put(cid, bytes, signal);
      await pin(root, signal);
    },
    exportCar: (root, signal) =>
      writeCar(
        root,
        walk(root, (cid) => get(cid, signal)),
      ),
    async *pins(signal) {
      yield* await call(patience.pinMs, signal, (within) => driver.roots(within));
    },
    async status(signal): Promise<NodeStatus> {
      signal.throwIfAborted();
      const late = () => unreachable(name, `nothing in ${patience.statusMs} ms`);
      try {
        const freeBytes = await withDeadline(patience.statusMs, signal, late, (within) =>
          driver.freeBytes(within),
        );
        return { up: true, freeBytes };
      } catch {
        return { up: false, freeBytes: 0n };
      }
    },
  };
}

/** @param cause - never part of what is told. */
const unreachable = (name: string, cause: unknown): HoldfastError =>
  new HoldfastError('STORAGE_UNREACHABLE', `storage node ${name} does not answer`, { cause });
