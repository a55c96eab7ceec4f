/**
 * One storage node: what an audit asks. Every call is local to the node named, never answered by a neighbour.
 *
 * Drivers: `embedded` (folders in Kubo's layout), `kubo`, `cluster`. One contract suite runs against each.
 *
 * @module
 */
import type { CID } from 'multiformats/cid';

/** Absent is `undefined`; a node that does not answer throws `STORAGE_UNREACHABLE`. No check of bytes against the CID. */
export interface StorageNode {
  readonly name: string;
  /** Durable when resolved; replaces what stands under the CID. @throws `STORE_FULL`. */
  put(cid: CID, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  get(cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined>;
  has(cid: CID, signal: AbortSignal): Promise<boolean>;
  /** Removes one block, present or not; what is pinned is the caller's to know. */
  remove(cid: CID, signal: AbortSignal): Promise<void>;
  /** Verifies every block against its CID, stores, then pins `root`. @throws `INPUT_INVALID`. */
  importCar(root: CID, car: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** The DAG under `root`, root first, then depth first in the order of its links. @throws `NOT_FOUND`. */
  exportCar(root: CID, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Keeps the DAG under `root`, all of which must be here. @throws `NOT_FOUND`. */
  pin(root: CID, signal: AbortSignal): Promise<void>;
  unpin(root: CID, signal: AbortSignal): Promise<void>;
  pins(signal: AbortSignal): AsyncIterable<CID>;
  /** Never throws for a node that is down: it says so. */
  status(signal: AbortSignal): Promise<NodeStatus>;
}

export interface NodeStatus {
  readonly up: boolean;
  readonly freeBytes: bigint;
}
