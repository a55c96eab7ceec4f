/**
 * Kubo nodes under IPFS Cluster: bytes go to each node itself, which node keeps what is pinned by way of the Cluster, so
 * that its own tools show it and its peers watch over it.
 *
 * @module
 */
import type { CID } from 'multiformats/cid';
import { openCluster, type Cluster, type ClusterAddress } from './cluster.ts';
import { newStorageNode, type NodeDriver } from './driven-node.ts';
import { kuboDriver, type KuboNodeOptions } from './kubo-node.ts';
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
  return options.map((one) =>
    newStorageNode(underCluster(kuboDriver(one), one.clusterPeer, cluster, exclusive)),
  );
}

/** A peer that is asked to pin what its node lacks would fetch it from a neighbour: all of it must be there. */
function underCluster(
  node: NodeDriver,
  peer: string,
  cluster: Cluster,
  exclusive: KeyedQueue,
): NodeDriver {
  const change = (
    root: CID,
    signal: AbortSignal,
    work: (held: readonly string[]) => Promise<void>,
  ) =>
    exclusive(root.toString(), async () => {
      signal.throwIfAborted();
      await work(await cluster.allocations(root, signal));
    });

  return {
    name: node.name,
    put: (cid, bytes, signal) => node.put(cid, bytes, signal),
    get: (cid, signal) => node.get(cid, signal),
    has: (cid, signal) => node.has(cid, signal),
    remove: (cid, signal) => node.remove(cid, signal),
    roots: (signal) => node.roots(signal),
    freeBytes: (signal) => node.freeBytes(signal),
    keep: (root, signal) =>
      change(root, signal, (held) => cluster.allocate(root, [...new Set([...held, peer])], signal)),
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
