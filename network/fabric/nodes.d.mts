import type { FabricOrganisation, FabricOrderer, Network } from '../network.mjs';

type Fabric = Network['fabric'];

export function startOrderer(net: Fabric, orderer: FabricOrderer): void;
export function startPeer(net: Fabric, organisation: FabricOrganisation): void;
/** Starts what does not run, and waits until all are healthy. */
export function startNodes(net: Fabric): Promise<void>;
export function leaderElected(net: Fabric): Promise<unknown>;
export function leaderOf(net: Fabric): Promise<FabricOrderer | undefined>;
export function endorsersKnown(net: Fabric, chaincode: string): Promise<unknown>;
/** Number of blocks of a peer, and the hash of the last. */
export function chainOf(
  net: Fabric,
  organisation: FabricOrganisation,
): Promise<{ readonly height: number; readonly hash: string }>;
/** Number of blocks of an orderer. */
export function blocksOf(net: Fabric, orderer: FabricOrderer): Promise<number>;
