import type { IpfsNode, Network } from '../network.mjs';

/** An empty repository in the place of one that was lost, of a node that does not run. */
export function replaceRepository(net: Network['ipfs'], node: IpfsNode): Promise<void>;
