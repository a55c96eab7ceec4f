/** Kubo repositories and Cluster peers, made and configured: a private swarm that nothing leaves. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../../scripts/replace-file.mjs';
import { run } from '../processes.mjs';
import { clusterEnv, kuboEnv, multiaddress } from './layout.mjs';

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const writeJson = (path, value) => replaceFile(path, JSON.stringify(value, undefined, 2));
const OFF = { Enabled: false };

/** Makes all nodes, and `nodes.json`: what a gateway's driver needs to reach them. */
export async function makeRepositories(net) {
  mkdirSync(join(net.folder, 'data'), { recursive: true, mode: 0o700 });
  const swarmKey = `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString('hex')}\n`;
  const secret = randomBytes(32).toString('hex');
  await Promise.all(
    net.nodes.map(async (node) => {
      await makeRepository(net, node, swarmKey);
      // the default datastore, pebble, has acknowledged pins in memory only: kill -9 loses them
      await run(net.service, ['init', '--consensus', 'crdt', '--datastore', 'leveldb'], {
        env: { ...clusterEnv(node), CLUSTER_SECRET: secret },
      });
    }),
  );
  const password = randomBytes(24).toString('base64url');
  for (const node of net.nodes) {
    configureKubo(net, node);
    edit(join(node.clusterHome, 'service.json'), (config) =>
      clusterConfig(config, net, node, othersThan(net, node), password),
    );
  }
  writeJson(
    net.connection,
    net.nodes.map((node) => ({
      name: node.name,
      rpc: `http://127.0.0.1:${node.rpc}`,
      gateway: `http://127.0.0.1:${node.gateway}`,
      cluster: `http://127.0.0.1:${node.clusterRest}`,
      clusterPeer: readJson(join(node.clusterHome, 'identity.json')).id,
      login: 'gateway',
      password,
    })),
  );
}

/**
 * An empty repository in the place of one that was lost, of a node that does not run: another one, by its key. The
 * provider sees that, and fills it.
 */
export async function replaceRepository(net, node) {
  const [other] = othersThan(net, node);
  const swarmKey = readFileSync(join(other.repository, 'swarm.key'), 'utf8');
  rmSync(node.repository, { recursive: true, force: true });
  await makeRepository(net, node, swarmKey);
  // the others know it by its key
  for (const each of net.nodes) configureKubo(net, each);
}

async function makeRepository(net, node, swarmKey) {
  mkdirSync(node.repository, { mode: 0o700 });
  await run(net.ipfs, ['init', '--profile=test', '--algorithm=ed25519'], { env: kuboEnv(node) });
  writeFileSync(join(node.repository, 'swarm.key'), swarmKey, { mode: 0o600 });
}

const othersThan = ({ nodes }, node) => nodes.filter((one) => one !== node);

const configureKubo = (net, node) =>
  edit(join(node.repository, 'config'), (config) =>
    kuboConfig(config, node, othersThan(net, node)),
  );

function edit(path, change) {
  const config = readJson(path);
  change(config);
  writeJson(path, config);
}

export const kuboPeer = ({ repository }) => readJson(join(repository, 'config')).Identity.PeerID;

function kuboConfig(config, node, others) {
  Object.assign(config.Addresses, {
    API: multiaddress(node.rpc),
    Gateway: multiaddress(node.gateway),
    Swarm: [multiaddress(node.swarm)],
    Announce: [],
    AppendAnnounce: [],
    NoAnnounce: [],
  });
  config.API = { HTTPHeaders: {} };
  config.Bootstrap = [];
  config.Peering = {
    Peers: others.map((other) => ({ ID: kuboPeer(other), Addrs: [multiaddress(other.swarm)] })),
  };
  config.Routing = { Type: 'none' };
  config.Provide = OFF;
  config.AutoConf = OFF;
  config.AutoTLS = OFF;
  config.AutoNAT = { ServiceMode: 'disabled' };
  config.Discovery = { MDNS: OFF };
  // for audits: raw blocks of this node and no other
  Object.assign(config.Gateway, { NoFetch: true, DeserializedResponses: false });
  Object.assign(config.Swarm, {
    DisableNatPortMap: true,
    EnableHolePunching: false,
    RelayClient: OFF,
    RelayService: OFF,
  });
  config.Swarm.Transports.Network = {
    QUIC: false,
    Relay: false,
    TCP: true,
    WebTransport: false,
    WebRTCDirect: false,
    Websocket: false,
  };
  // the cache of known keys would skip the write that mends a damaged block
  config.Datastore.BlockKeyCacheSize = 0;
  for (const mount of config.Datastore.Spec.mounts) {
    if (mount.type === 'flatfs') mount.sync = true;
  }
  config.Plugins = { Plugins: { telemetry: { Disabled: true } } };
}

function clusterConfig(config, net, node, others, password) {
  // a second door to Kubo with other rules, and a service that nobody uses
  delete config.api.ipfsproxy;
  delete config.api.pinsvcapi;
  Object.assign(config.cluster, {
    peername: node.name,
    listen_multiaddress: [multiaddress(node.clusterSwarm)],
    mdns_interval: '0s',
    enable_relay_hop: false,
    peer_addresses: others.map(({ clusterSwarm, clusterHome }) => {
      const { id } = readJson(join(clusterHome, 'identity.json'));
      return `${multiaddress(clusterSwarm)}/p2p/${id}`;
    }),
    replication_factor_min: net.replication.min,
    replication_factor_max: net.replication.max,
    monitor_ping_interval: '2s',
    peer_watch_interval: '2s',
    state_sync_interval: '1m0s',
    pin_recover_interval: '1m0s',
    // else no alert ever comes again after the first
    disable_repinning: false,
  });
  config.consensus.crdt.rebroadcast_interval = '10s';
  Object.assign(config.api.restapi, {
    http_listen_multiaddress: multiaddress(node.clusterRest),
    basic_auth_credentials: { gateway: password },
  });
  config.ipfs_connector.ipfshttp.node_multiaddress = multiaddress(node.rpc);
  config.monitor.pubsubmon.check_interval = '2s';
  for (const informer of Object.values(config.informer)) informer.metric_ttl = '5s';
}
