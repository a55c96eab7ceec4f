/**
 * Kubo nodes under IPFS Cluster: bytes go to each node itself, which node keeps what is pinned by way of the Cluster, so
 * that its own tools show it and its peers watch over it.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { CID } from 'multiformats/cid';
import { openCluster, type Cluster, type ClusterAddress } from './cluster.ts';
import { firstMissing } from './dag.ts';
import { openKuboNode, type KuboNodeOptions } from './kubo-node.ts';
import { newKeyedQueue, type KeyedQueue } from '../provider/keyed-queue.ts';
import type { StorageNode } from './storage-node.ts';

export interface ClusterNodeOptions extends KuboNodeOptions, ClusterAddress {
  /** The node's peer in the Cluster. */
  readonly clusterPeer: string;
}

/** One change at a time to a root's allocations: they are read, then written as a whole. */
export function openClusterNodes(options: readonly ClusterNodeOptions[]): StorageNode[] {
  const cluster = openCluster(options);
  const exclusive = newKeyedQueue();
  return options.map((one) => underCluster(openKuboNode(one), one.clusterPeer, cluster, exclusive));
}

function underCluster(
  node: StorageNode,
  peer: string,
  cluster: Cluster,
  exclusive: KeyedQueue,
): StorageNode {
  const change = (
    root: CID,
    signal: AbortSignal,
    work: (held: readonly string[]) => Promise<void>,
  ) =>
    exclusive(root.toString(), async () => {
      signal.throwIfAborted();
      try {
        await work(await cluster.allocations(root, signal));
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof HoldfastError) throw cause;
        throw new HoldfastError(
          'STORAGE_UNREACHABLE',
          `storage node ${node.name} does not answer`,
          {
            cause,
          },
        );
      }
    });

  const pin = async (root: CID, signal: AbortSignal): Promise<void> => {
    // a peer asked to pin what its node lacks would fetch it from a neighbour
    const missing = await firstMissing(root, {
      get: (cid) => node.get(cid, signal),
      has: (cid) => node.has(cid, signal),
    });
    if (missing !== undefined) {
      throw new HoldfastError('NOT_FOUND', `${node.name} has no block ${missing.toString()}`);
    }
    await change(root, signal, (held) =>
      cluster.allocate(root, [...new Set([...held, peer])], signal),
    );
  };

  return {
    name: node.name,
    put: (cid, bytes, signal) => node.put(cid, bytes, signal),
    get: (cid, signal) => node.get(cid, signal),
    has: (cid, signal) => node.has(cid, signal),
    remove: (cid, signal) => node.remove(cid, signal),
    exportCar: (root, signal) => node.exportCar(root, signal),
    pins: (signal) => node.pins(signal),
    status: (signal) => node.status(signal),
    pin,
    async importCar(root, car, signal) {
      await node.importCar(root, car, signal);
      await pin(root, signal);
    },
    unpin: (root, signal) =>
      change(root, signal, async (held) => {
        const others = held.filter((one) => one !== peer);
        if (others.length === 0) await cluster.release(root, signal);
        else if (others.length < held.length) await cluster.allocate(root, others, signal);
        // the peer unpins a moment later; blocks may be removed as soon as we say so
        await node.unpin(root, signal);
      }),
  };
}
