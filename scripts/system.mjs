/**
 * The whole system as child processes: on the embedded default the development ledger, the contracts once per
 * organisation and the gateway with every role; on a network that runs already the gateway alone. Used by npm start, the
 * demo, the bench and the tests.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flags } from '../network/processes.mjs';
import { enter, mark, running } from './data-folder.mjs';
import { newFamily } from './family.mjs';
import { freePort, isFree } from './free-port.mjs';
import { program } from './programs.mjs';
import { ownConnections } from './gateways.mjs';
import { expected } from './ready.mjs';

export const ORGANISATIONS = ['Alder', 'Birch', 'Cedar'];
const CHANNEL = 'holdfast';

/**
 * Starts everything and resolves when the gateway answers.
 *
 * @param options.folder data folder, made if missing
 * @param options.port port of the gateway; 0 takes any free one
 * @param options.report called with `(part, what, ms, where)` as each part stands
 * @param options.network `{ ledger, driver, nodes }`: connection file of the ledger, what keeps the blocks and where;
 *   the embedded default unless given
 * @param options.several a gateway for each organisation, named `gateway-alder` and so on, each in a folder of that name;
 *   the one with the agent answers at `port`
 * @param options.onLost called with a sentence when a part cannot go on
 */
export async function startSystem({ folder, port, host = '127.0.0.1', network, ...rest }) {
  const { several = false, report, onLost } = rest;
  const other = running(folder);
  if (other)
    throw expected(`Holdfast already runs on ${folder}: ${other.url} (process ${other.pid}).`, 2);
  enter(folder);
  const logs = join(folder, 'logs');
  mkdirSync(logs, { recursive: true });
  await mustBeFree(host, port);
  const family = newFamily(logs, onLost);
  try {
    // a gateway that comes back is found where it was
    const address = { host, port: port === 0 ? await freePort() : port, isUsual: port !== 0 };
    return await startParts({ folder, ...address, network, several, report, family });
  } catch (error) {
    await family.stop();
    throw error;
  }
}

async function startParts({ folder, port, host, isUsual, network, several, report, family }) {
  let start = Date.now();
  const stamp = (...row) => {
    report?.(row[0], row[1], Date.now() - start, row[2]);
    start = Date.now();
  };
  const connection = network?.ledger ?? (await startLedger(folder, family, isUsual));
  const { organisations, channel } = JSON.parse(readFileSync(connection, 'utf8'));
  const names = organisations.map(({ mspId }) => mspId).join(', ');
  stamp('ledger', `${names} · channel ${channel}`, organisations[0].peerEndpoint);
  const environment = {
    PORT: String(port),
    HOST: host,
    DATA_DIR: folder,
    LEDGER_CONNECTION: connection,
    STORAGE_DRIVER: network?.driver ?? 'embedded',
    STORAGE_CONNECTION: network?.nodes ?? '',
  };
  const gateway = several
    ? await startGateways(folder, environment, family)
    : await family.start('gateway', [program('gateway')], environment).ready;
  const parts = network === undefined ? 'agent, key servers, provider, delegates' : '';
  stamp('gateway', parts, gateway.url);
  mark(folder, gateway.url);
  return {
    url: gateway.url,
    folder,
    connection,
    kill: (name) => family.kill(name),
    pause: (name) => family.pause(name),
    resume: (name) => family.resume(name),
    async stop() {
      await family.stop();
      mark(folder);
    },
  };
}

/** One an organisation; they wait for each other. @returns the one that has the agent. */
async function startGateways(folder, environment, family) {
  const own = await ownConnections(environment.LEDGER_CONNECTION, join(folder, 'own'), freePort);
  const started = own.map(({ name, connection, innerPort }, i) =>
    family.start(`gateway-${name}`, [program('gateway')], {
      ...environment,
      PORT: i === 0 ? environment.PORT : '0',
      DATA_DIR: join(folder, name),
      LEDGER_CONNECTION: connection,
      INNER_PORT: innerPort,
    }),
  );
  const [agents] = await Promise.all(started.map(({ ready }) => ready));
  return agents;
}

/**
 * The development ledger and its contracts.
 *
 * @param isUsual whether it answers where people expect a peer and its CA, if nothing else does
 * @returns path of the connection file
 */
async function startLedger(folder, family, isUsual) {
  const portAt = async (usual) =>
    isUsual && (await isFree('127.0.0.1', usual)) ? usual : freePort();
  const addresses = [];
  for (const mspId of ORGANISATIONS) {
    const address = `127.0.0.1:${await freePort()}`;
    addresses.push(`${mspId}=${address}`);
    family.start(
      `chaincode-${mspId.toLowerCase()}`,
      [program('chaincode'), address, 'holdfast:0.1.0'],
      { CORE_PEER_LOCALMSPID: mspId, CORE_CHAINCODE_LOGGING_LEVEL: 'CRITICAL' },
    );
  }
  const ledger = await family.start('ledger', [
    program('network/devpeer'),
    ...flags({
      data: join(folder, 'ledger'),
      port: await portAt(7051),
      'ca-port': await portAt(7054),
      channel: CHANNEL,
      chaincode: 'holdfast',
    }),
    ...addresses.flatMap((address) => ['--organisation', address]),
  ]).ready;
  return ledger.connection;
}

async function mustBeFree(host, port) {
  if (port === 0 || (await isFree(host, port))) return;
  throw expected(`Port ${port} is taken. Choose another: PORT=${port + 1} npm start`, 2);
}
