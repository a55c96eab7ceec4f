/** Chaincode as a service: each organisation's package, its server, and the lifecycle to the committed definition. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { flags, start, stop, waitFor } from '../processes.mjs';
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
  const connection = {
    address: `127.0.0.1:${portOf(organisation, definition)}`,
    dial_timeout: '10s',
    tls_required: true,
    client_auth_required: true,
    client_key: pem(`${home}/tls/server.key`),
    client_cert: pem(`${home}/tls/server.crt`),
    root_cert: pem(`${home}/tls/ca.crt`),
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
 * go on until then, so that nothing is refused meanwhile.
 *
 * @param definition `{ name, version, sequence, label, folder }`, folder that of the packaged code; `slot` 1 for a
 *   second chaincode
 */
export async function deploy(net, definition) {
  const { name, version, sequence, label } = definition;
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
      const { bytes, id } = packageOf(organisation, definition);
      const lifecycle = (...args) =>
        asAdmin(net, organisation, ['lifecycle', 'chaincode', ...args]);
      const installed = JSON.parse(await lifecycle('queryinstalled', '--output', 'json'));
      if (!installed.installed_chaincodes?.some(({ package_id }) => package_id === id)) {
        mkdirSync(join(net.folder, 'chaincode'), { recursive: true });
        const file = join(net.folder, 'chaincode', `${label}-${organisation.name}.tgz`);
        writeFileSync(file, bytes, { mode: 0o600 });
        await lifecycle('install', file);
      }
      await lifecycle('approveformyorg', ...order, '--package-id', id);
    }),
  );
  await asAdmin(net, net.organisations[0], [
    'lifecycle',
    'chaincode',
    'commit',
    ...order,
    ...net.organisations.flatMap(({ port, home }) =>
      flags({ peerAddresses: `127.0.0.1:${port}`, tlsRootCertFiles: `${home}/tls/ca.crt` }),
    ),
  ]);
  await stop(
    net.folder,
    net.organisations.map((organisation) =>
      serverName(organisation, { name, sequence: sequence - 1 }),
    ),
  );
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

const listens = (port) =>
  new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => done(true));
    socket.on('error', () => done(false));
    socket.on('connect', () => socket.destroy());
  });
