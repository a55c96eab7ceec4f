/** Chaincode as a service: each organisation's package, its server, and the lifecycle to the committed definition. */
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../scripts/ready.mjs';
import { flags, start, stop, waitFor } from '../processes.mjs';
import { everyPeer } from './configure.mjs';
import { asAdmin } from './nodes.mjs';
import { tar } from './tar.mjs';

const pem = (path) => readFileSync(path, 'utf8');

const portOf = ({ chaincodePorts }, { slot = 0, sequence }) => chaincodePorts[slot][sequence % 2];
export const serverName = (organisation, { name, sequence }) =>
  `${name}-${organisation.name}-${sequence}`;

/**
 * What an organisation installs: an address and keys of TLS. The ledger keeps no code, so the label carries its hash.
 *
 * @returns the archive, and the id by which peers know it.
 */
export function packageOf(organisation, definition) {
  const { home } = organisation;
  const { label } = definition;
  const mutual = {
    client_auth_required: true,
    client_key: pem(`${home}/tls/server.key`),
    client_cert: pem(`${home}/tls/server.crt`),
    root_cert: pem(`${home}/tls/ca.crt`),
  };
  const connection = {
    address: `127.0.0.1:${portOf(organisation, definition)}`,
    dial_timeout: '10s',
    tls_required: !definition.alone,
    ...(definition.alone ? {} : mutual),
  };
  const code = gzipSync(tar([['connection.json', JSON.stringify(connection)]]));
  const metadata = JSON.stringify({ type: 'ccaas', label });
  const bytes = gzipSync(
    tar([
      ['metadata.json', metadata],
      ['code.tar.gz', code],
    ]),
  );
  return { bytes, id: `${label}:${createHash('sha256').update(bytes).digest('hex')}` };
}

/**
 * Installs, approves and commits a definition, with the servers of its code running. The servers of the code before
 * go on until then, so that nothing is refused meanwhile. What is done already is not done again.
 *
 * @param definition `{ name, version, sequence, label, folder }`, folder that of the packaged code; `slot` 1 for a
 *   second chaincode; `alone` for one that has its own entry point and serves without TLS
 */
export async function deploy(net, definition) {
  const { name, version, sequence } = definition;
  const [orderer] = net.orderers;
  const order = [
    '--tls',
    ...flags({
      orderer: `127.0.0.1:${orderer.port}`,
      cafile: `${orderer.home}/tls/ca.crt`,
      channelID: net.channel,
      name,
      version,
      sequence,
    }),
  ];
  await startServers(net, definition);
  await Promise.all(
    net.organisations.map(async (organisation) => {
      const id = await install(net, organisation, definition);
      if ((await approvedBy(net, organisation, definition)) === id) return;
      await lifecycle(net, organisation, ['approveformyorg', ...order, '--package-id', id]);
    }),
  );
  const committed = await committedOf(net, name);
  if (committed?.sequence !== sequence) {
    await lifecycle(net, net.organisations[0], ['commit', ...order, ...everyPeer(net)]);
  }
  await stop(
    net.folder,
    net.organisations.map((organisation) =>
      serverName(organisation, { name, sequence: sequence - 1 }),
    ),
  );
}

const lifecycle = (net, organisation, args) =>
  asAdmin(net, organisation, ['lifecycle', 'chaincode', ...args]);

/** @returns the id of the package, which the organisation's peer has then. */
async function install(net, organisation, definition) {
  const { bytes, id } = packageOf(organisation, definition);
  if ((await installedBy(net, organisation)).includes(id)) return id;
  mkdirSync(join(net.folder, 'chaincode'), { recursive: true });
  const file = join(net.folder, 'chaincode', `${definition.label}-${organisation.name}.tgz`);
  writeFileSync(file, bytes, { mode: 0o600 });
  await lifecycle(net, organisation, ['install', file]);
  return id;
}

/** Ids of the packages on an organisation's peer. */
export async function installedBy(net, organisation) {
  const text = await lifecycle(net, organisation, ['queryinstalled', '--output', 'json']);
  return (JSON.parse(text).installed_chaincodes ?? []).map(({ package_id }) => package_id);
}

/** Id of the package that an organisation has approved as this definition; undefined where it approved none. */
export async function approvedBy(net, organisation, { name, sequence }) {
  const wanted = flags({ channelID: net.channel, name, sequence, output: 'json' });
  try {
    const text = await lifecycle(net, organisation, ['queryapproved', ...wanted]);
    return JSON.parse(text).source?.Type?.LocalPackage?.package_id;
  } catch (error) {
    if (/could not fetch approved chaincode definition/.test(error.message)) return undefined;
    throw error;
  }
}

/** Sequence and version of the definition that the channel goes by; undefined where there is none. */
export async function committedOf(net, name, organisation = net.organisations[0]) {
  const wanted = flags({ channelID: net.channel, output: 'json' });
  const text = await lifecycle(net, organisation, ['querycommitted', ...wanted]);
  return JSON.parse(text).chaincode_definitions?.find((one) => one.name === name);
}

/** Starts the chaincode's server of each organisation and waits until it listens. */
export async function startServers(net, definition) {
  for (const organisation of net.organisations) startServer(net, organisation, definition);
  await Promise.all(
    net.organisations.map((organisation) => {
      const port = portOf(organisation, definition);
      const what = `the chaincode of ${organisation.mspId} to listen on port ${port}`;
      return waitFor(what, net.folder, () => listens(port));
    }),
  );
}

export function startServer(net, organisation, definition) {
  const { mspId, home } = organisation;
  const { folder } = definition;
  const { id } = packageOf(organisation, definition);
  if (definition.alone) {
    const address = `127.0.0.1:${portOf(organisation, definition)}`;
    const env = { CHAINCODE_SERVER_ADDRESS: address, CHAINCODE_ID: id, CORE_CHAINCODE_ID_NAME: id };
    const name = serverName(organisation, definition);
    start(net.folder, name, join(folder, 'entrypoint.sh'), [], { cwd: folder, env });
    return;
  }
  linkPackages(folder);
  start(
    net.folder,
    serverName(organisation, definition),
    process.execPath,
    [
      join(folder, 'node_modules', 'fabric-shim', 'cli.js'),
      'server',
      ...flags({
        'chaincode-address': `127.0.0.1:${portOf(organisation, definition)}`,
        'chaincode-id': id,
        'chaincode-tls-cert-file': `${home}/tls/server.crt`,
        'chaincode-tls-key-file': `${home}/tls/server.key`,
        'chaincode-tls-client-cacert-file': `${home}/tls/ca.crt`,
      }),
    ],
    {
      cwd: folder,
      env: {
        CORE_PEER_LOCALMSPID: mspId,
        CORE_CHAINCODE_LOGGING_LEVEL: 'ERROR',
        CORE_CHAINCODE_LOGGING_SHIM: 'ERROR',
      },
    },
  );
}

/** The two packages that the code does not hold are the house's, wherever that lies today. */
function linkPackages(folder) {
  const link = join(folder, 'node_modules');
  const packages = join(root, 'node_modules');
  if (lstatSync(link, { throwIfNoEntry: false }) && readlinkSync(link) === packages) return;
  rmSync(link, { force: true });
  symlinkSync(packages, link);
}

const listens = (port) =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(true));
    socket.on('error', () => done(false));
    socket.on('connect', () => socket.destroy());
  });
