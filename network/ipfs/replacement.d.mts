import type { IpfsNode, Network } from '../network.mjs';

/** Another repository in the place of a node's lost one. @throws with nothing removed where something would be lost by it. */
export function replaceNode(
  net: Network['ipfs'],
  node: IpfsNode,
  isForced: boolean,
  say: (line: string) => void,
): Promise<void>;
