/** Kubo nodes and Cluster peers: started, and ready for a pin. */
import { readFileSync } from 'node:fs';
import { start, waitFor } from '../processes.mjs';
import { clusterEnv, kuboEnv, multiaddress } from './layout.mjs';
import { kuboPeer } from './repositories.mjs';

const LOOK_MS = 5_000;
const NANOSECONDS = 1e6;

export async function startNodes(net) {
  for (const node of net.nodes) startKubo(net, node);
  await Promise.all(
    net.nodes.map((node) =>
      waitFor(`the RPC of ${node.kubo}`, net.folder, () => rpc(node, 'version')),
    ),
  );
  await connectAll(net);
  // in turn: a peer dials the others only when it starts, so that each must find the earlier ones
  for (const node of net.nodes) {
    startCluster(net, node);
    await waitFor(`the REST of ${node.cluster}`, net.folder, () => cluster(net, node, '/id'));
  }
  await Promise.all(
    net.nodes.map((node) =>
      waitFor(`${node.cluster} to see every peer`, net.folder, () => seesAll(net, node)),
    ),
  );
}

export const startKubo = (net, node) =>
  start(net.folder, node.kubo, net.ipfs, ['daemon', '--enable-gc=false', '--migrate=false'], {
    env: kuboEnv(node),
  });

export const startCluster = (net, node) =>
  start(net.folder, node.cluster, net.service, ['daemon'], { env: clusterEnv(node) });

/** Peering would do it too, but its first retry comes after five seconds. */
async function connectAll({ nodes, folder }) {
  const pairs = nodes.flatMap((node, i) => nodes.slice(0, i).map((other) => [node, other]));
  await Promise.all(
    pairs.map(([node, other]) => {
      const address = `${multiaddress(other.swarm)}/p2p/${kuboPeer(other)}`;
      return rpc(node, `swarm/connect?arg=${encodeURIComponent(address)}`);
    }),
  );
  await Promise.all(
    nodes.map((node) =>
      waitFor(`${node.kubo} to see the others`, folder, async () => {
        const { Peers } = await rpc(node, 'swarm/peers');
        return (Peers ?? []).length >= nodes.length - 1;
      }),
    ),
  );
}

/** What a node's RPC answers, from its JSON. */
export async function rpc(node, path) {
  const url = `http://127.0.0.1:${node.rpc}/api/v0/${path}`;
  return JSON.parse(await answer(url, { method: 'POST' }));
}

/** Lists come as a line of JSON each, those of metrics as an array. */
async function cluster(net, node, path) {
  const { login, password } = JSON.parse(readFileSync(net.connection, 'utf8'))[0];
  const authorization = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
  const url = `http://127.0.0.1:${node.clusterRest}${path}`;
  const text = (await answer(url, { headers: { authorization } })).trim();
  if (text.startsWith('[')) return JSON.parse(text);
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line));
}

async function answer(url, init) {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(LOOK_MS) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text.slice(0, 200)}`);
  return text;
}

async function seesAll(net, node) {
  const [peers, metrics] = await Promise.all([
    cluster(net, node, '/peers'),
    cluster(net, node, '/monitor/metrics/freespace'),
  ]);
  const fresh = metrics.filter(({ valid, expire }) => valid && expire / NANOSECONDS > Date.now());
  const well = peers.filter(({ error, ipfs }) => !error && !ipfs?.error);
  return well.length === net.nodes.length && fresh.length === net.nodes.length;
}
