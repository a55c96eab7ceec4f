/** Orderers and peers: made, started, joined, and ready for a transaction. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flags, run, start, waitFor } from '../processes.mjs';
import { certificatesWanted, channelWanted } from './first-block.mjs';
import { here, ordererEnv, peerEnv } from './layout.mjs';

const LOOK_MS = 2_000;

/** Certificates and the channel's first block. */
export async function make(net) {
  mkdirSync(join(net.folder, 'data'), { recursive: true, mode: 0o700 });
  cpSync(join(here, 'config'), net.config, { recursive: true });
  if (net.consensus === 'bft') refuseOldProposals(net);
  const wanted = {
    certificates: join(net.folder, 'certificates.yaml'),
    channel: join(net.folder, 'configtx.yaml'),
  };
  writeFileSync(wanted.certificates, JSON.stringify(certificatesWanted(net)));
  writeFileSync(wanted.channel, JSON.stringify(channelWanted(net)));
  await run(net.tool('cryptogen'), [
    'generate',
    `--config=${wanted.certificates}`,
    `--output=${net.crypto}`,
  ]);
  await run(
    net.tool('configtxgen'),
    ['-profile', 'Channel', '-channelID', net.channel, '-outputBlock', net.firstBlock],
    { env: { FABRIC_CFG_PATH: net.folder } },
  );
}

/** Peers of 3.x can refuse proposals dated more than 15 minutes off; those of 2.5 end on reading the filter's name. */
function refuseOldProposals({ config }) {
  const path = join(config, 'core.yaml');
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(
      '{ name: ExpirationCheck }',
      '{ name: ExpirationCheck }, { name: TimeWindowCheck }',
    ),
  );
}

export async function startNodes(net) {
  for (const orderer of net.orderers) startOrderer(net, orderer);
  for (const organisation of net.organisations) startPeer(net, organisation);
  await Promise.all([
    ...net.orderers.map(({ name, operations }) => healthy(net, name, operations)),
    ...net.organisations.map(({ peer, operations }) => healthy(net, peer, operations)),
  ]);
}

export const startOrderer = (net, orderer) =>
  start(net.folder, orderer.name, net.tool('orderer'), [], { env: ordererEnv(net, orderer) });

export const startPeer = (net, organisation) =>
  start(net.folder, organisation.peer, net.tool('peer'), ['node', 'start'], {
    env: peerEnv(net, organisation),
  });

const healthy = (net, name, port) =>
  waitFor(`${name} to be healthy`, net.folder, async () =>
    (await page(port, '/healthz')).includes('"OK"'),
  );

const page = async (port, path) =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(LOOK_MS) })).text();

export async function joinChannel(net) {
  const joinOrderer = ({ admin, home }) =>
    run(net.tool('osnadmin'), [
      'channel',
      'join',
      ...flags({
        channelID: net.channel,
        'config-block': net.firstBlock,
        'orderer-address': `127.0.0.1:${admin}`,
        'ca-file': `${home}/tls/ca.crt`,
        'client-cert': `${home}/tls/server.crt`,
        'client-key': `${home}/tls/server.key`,
      }),
    ]);
  await Promise.all(net.orderers.map(joinOrderer));
  await Promise.all(
    net.organisations.map((organisation) =>
      asAdmin(net, organisation, ['channel', 'join', '--blockpath', net.firstBlock]),
    ),
  );
}

/** Joins the peer of an organisation that comes later, and waits until it has what the others have. */
export async function joinPeer(net, organisation) {
  const known = await asAdmin(net, organisation, ['channel', 'list']);
  if (!known.split('\n').includes(net.channel)) {
    await asAdmin(net, organisation, ['channel', 'join', '--blockpath', net.firstBlock]);
  }
  const { height } = await chainOf(net, net.organisations[0]);
  await waitFor(
    `${organisation.peer} to have ${height} blocks`,
    net.folder,
    async () => (await chainOf(net, organisation)).height >= height,
  );
}

/** The `peer` command as an organisation's administrator. @returns what it printed. */
export const asAdmin = (net, organisation, args) =>
  run(net.tool('peer'), args, { env: peerEnv(net, organisation, organisation.admin) });

/** Orderers refuse transactions until they have a leader, which their health does not tell. */
export const leaderElected = (net) =>
  waitFor(
    'the orderers to elect a leader',
    net.folder,
    async () => (await leaderOf(net)) !== undefined,
  );

/** The orderer that leads; undefined while there is none. */
export async function leaderOf({ orderers }) {
  for (const orderer of orderers) {
    const metrics = await page(orderer.operations, '/metrics').catch(() => '');
    if (/^consensus_(?:etcdraft|BFT)_is_leader.* 1$/m.test(metrics)) return orderer;
  }
  return undefined;
}

/**
 * The state in which a first transaction succeeds: every peer finds endorsers of the chaincode.
 *
 * A peer is healthy seconds before it knows the others; until then its gateway answers "no combination of peers".
 */
export const endorsersKnown = (net, chaincode) =>
  Promise.all(
    net.organisations.map((organisation) =>
      waitFor(
        `the peer of ${organisation.mspId} to find endorsers of ${chaincode}`,
        net.folder,
        async () => (await discover(net, organisation, chaincode)).includes('EndorsersByGroups'),
        { everyMs: 100 },
      ),
    ),
  );

const discover = (net, { home, admin, domain, mspId, port }, chaincode) =>
  run(net.tool('discover'), [
    ...flags({
      peerTLSCA: `${home}/tls/ca.crt`,
      userKey: `${admin}/keystore/priv_sk`,
      userCert: `${admin}/signcerts/Admin@${domain}-cert.pem`,
      MSP: mspId,
    }),
    'endorsers',
    ...flags({ channel: net.channel, server: `127.0.0.1:${port}`, chaincode }),
  ]);

/** Number of blocks that an organisation's peer has, and the hash of the last. */
export async function chainOf(net, organisation) {
  const text = await asAdmin(net, organisation, ['channel', 'getinfo', '-c', net.channel]);
  const { height, currentBlockHash } = JSON.parse(text.slice(text.indexOf('{')));
  return { height: Number(height), hash: currentBlockHash };
}

/** Number of blocks that an orderer has. */
export async function blocksOf({ channel }, { operations }) {
  const metrics = await page(operations, '/metrics');
  const wanted = new RegExp(`^ledger_\\w+_height\\{channel="${channel}"\\} (\\d+)`, 'm');
  return Number(wanted.exec(metrics)?.[1] ?? 0);
}
