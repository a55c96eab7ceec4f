/**
 * What keeps a provider's blocks: folders of this process, Kubo daemons, or Kubo daemons under IPFS Cluster.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { name, parseJson } from '@holdfast/protocol/schema.js';
import { privateFile } from '../private-files.ts';
import { openEmbeddedNode } from './embedded-node.ts';
import type { StorageNode } from './storage-node.ts';

export const DRIVERS = ['embedded', 'kubo', 'cluster'] as const;

export type StorageConfig =
  | { readonly driver: 'embedded' }
  /** Path of the file that says where the nodes are. */
  | { readonly driver: 'kubo' | 'cluster'; readonly connection: string };

export interface StorageDriver {
  /** Names of the nodes, as the provider announces them. */
  readonly nodes: readonly string[];
  /** Of the blocks of nodes that are folders here. */
  readonly folders: ReadonlyMap<string, string>;
  /** @param isKnown - whether the node had a store before: then it is not made anew, it may only be away. */
  open(node: string, isKnown: boolean): Promise<StorageNode>;
  /** Of the store behind a node that is up: another one, put in its place, holds other blocks. */
  identity(node: string): Promise<string>;
}

/** Three folders named after the organisation, unless the nodes are elsewhere. @throws as {@link remoteDriver}. */
export async function openDriver(
  config: StorageConfig,
  dataFolder: string,
  mspId: string,
): Promise<StorageDriver> {
  if (config.driver !== 'embedded') return remoteDriver(config.driver, config.connection);
  const nodes = [1, 2, 3].map((number) => `${mspId.toLowerCase()}-${number}`);
  return embeddedDriver(join(dataFolder, 'storage'), nodes);
}

/** Folders below `folder`. */
export const embeddedDriver = (folder: string, nodes: readonly string[]): StorageDriver => ({
  nodes,
  folders: new Map(nodes.map((node) => [node, join(folder, node, 'blocks')])),
  open: (node, isKnown) => openEmbeddedNode({ name: node, folder: join(folder, node), isKnown }),
  identity: async (node) => hex(await privateFile(join(folder, node, 'id'), () => randomBytes(16))),
});

const address = z.url({ protocol: /^https?$/ });
const kuboNodes = z.array(z.object({ name, rpc: address, gateway: address })).min(1);
const clusterNodes = z
  .array(
    z.object({
      name,
      rpc: address,
      gateway: address,
      cluster: address,
      clusterPeer: z.string().min(1),
      login: z.string(),
      password: z.string(),
    }),
  )
  .min(1);

/** @param connection - path of the file that says where the nodes are. @throws `INPUT_INVALID` naming the field. */
export async function remoteDriver(
  kind: 'kubo' | 'cluster',
  connection: string,
): Promise<StorageDriver> {
  // loaded here: most gateways keep blocks in folders, and Kubo's client is a quarter of all that a start would load
  const [{ openClusterNodes }, { kuboIdentity, openKuboNode }] = await Promise.all([
    import('./cluster-nodes.ts'),
    import('./kubo-node.ts'),
  ]);
  const text = await readFile(connection, 'utf8');
  const addresses = parseJson(kind === 'kubo' ? kuboNodes : clusterNodes, text, connection);
  const nodes =
    kind === 'kubo'
      ? addresses.map((one) => openKuboNode(one))
      : openClusterNodes(parseJson(clusterNodes, text, connection));
  const named = <T extends { readonly name: string }>(all: readonly T[], wanted: string): T => {
    const found = all.find((one) => one.name === wanted);
    if (found === undefined) throw new HoldfastError('NOT_FOUND', `no storage node ${wanted}`);
    return found;
  };
  return {
    nodes: addresses.map((one) => one.name),
    folders: new Map(),
    open: (node) => Promise.resolve(named(nodes, node)),
    identity: (node) => kuboIdentity(named(addresses, node)),
  };
}
