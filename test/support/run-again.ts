/** A network of which parts were killed runs as a whole again. */
import { startServers } from '../../network/fabric/chaincode.mjs';
import {
  blocksOf,
  chainOf,
  leaderElected,
  startNodes as startFabric,
} from '../../network/fabric/nodes.mjs';
import { startNodes as startIpfs } from '../../network/ipfs/nodes.mjs';
import { definitionOf, type Network } from '../../network/network.mjs';
import { waitFor } from '../../network/processes.mjs';

/** All that was killed is back; none has another chain than the rest. */
export async function runAgain(net: Network): Promise<void> {
  const { fabric, ipfs } = net;
  await Promise.all([startFabric(fabric), startIpfs(ipfs)]);
  await startServers(fabric, definitionOf(net));
  await leaderElected(fabric);
  await waitFor('one chain at every peer and orderer', fabric.folder, async () => {
    const peers = await Promise.all(fabric.organisations.map((one) => chainOf(fabric, one)));
    const orderers = await Promise.all(fabric.orderers.map((one) => blocksOf(fabric, one)));
    const heights = [...peers.map(({ height }) => height), ...orderers];
    // a block may come between two answers
    return Math.max(...heights) - Math.min(...heights) <= 1;
  });
}
