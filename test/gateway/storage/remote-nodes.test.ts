import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { openNetwork, type IpfsNode, type Network } from '../../../network/network.mjs';
import { startKubo } from '../../../network/ipfs/nodes.mjs';
import { kill, waitFor } from '../../../network/processes.mjs';
// loaded before nodes are opened at the same time: what several load at once jest may link while it is not there yet
import '../../../gateway/src/storage/cluster-nodes.ts';
import { blockPath } from '../../../gateway/src/storage/flatfs.ts';
import '../../../gateway/src/storage/kubo-node.ts';
import { remoteDriver } from '../../../gateway/src/storage/storage-driver.ts';
import type { StorageNode } from '../../../gateway/src/storage/storage-node.ts';
import { storageNodeSuite, type NodeUnderTest } from '../../suites/storage-node-suite.ts';

const NETWORK = process.env['NETWORK'];
const signal = new AbortController().signal;

/** Forgets all that a node keeps: tests share it. */
async function clear(node: StorageNode, port: number): Promise<void> {
  for await (const root of node.pins(signal)) await node.unpin(root, signal);
  const url = `http://127.0.0.1:${port}/api/v0/repo/gc`;
  await (await fetch(url, { method: 'POST' })).text();
}

async function underTest(
  driver: 'kubo' | 'cluster',
  net: Network['ipfs'],
  { name, kubo, rpc, repository }: IpfsNode,
): Promise<NodeUnderTest> {
  const store = await remoteDriver(driver, net.connection);
  const node = await store.open(name, true);
  await clear(node, rpc);
  return {
    node,
    overwrite: (cid, bytes) => writeFile(join(repository, 'blocks', ...blockPath(cid)), bytes),
    takeDown: () => kill(net.folder, kubo),
    async bringUp() {
      for (const one of net.nodes) startKubo(net, one);
      await waitFor(`${name} to be up`, net.folder, async () => (await node.status(signal)).up);
    },
    reopen: () => store.open(name, true),
    close: () => clear(node, rpc),
  };
}

(NETWORK === undefined ? describe.skip : describe)(
  `storage nodes of a network${NETWORK === undefined ? ' (npm run test:network)' : ''}`,
  () => {
    for (const driver of ['kubo', 'cluster'] as const) {
      let opened = 0;
      storageNodeSuite(driver, () => {
        const net = openNetwork(NETWORK ?? '').ipfs;
        const node = net.nodes[opened++ % net.nodes.length];
        if (node === undefined) throw new Error('a network without nodes');
        return underTest(driver, net, node);
      });
    }
  },
);
