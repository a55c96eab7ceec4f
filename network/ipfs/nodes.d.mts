import type { IpfsNode, Network } from '../network.mjs';

/** Starts all that does not run, and waits until every node and peer sees the others. */
export function startNodes(net: Network['ipfs']): Promise<void>;
export function startKubo(net: Network['ipfs'], node: IpfsNode): void;
export function startCluster(net: Network['ipfs'], node: IpfsNode): void;
