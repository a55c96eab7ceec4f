/**
 * The whole system as child processes: on the embedded default the development ledger, the contracts once per
 * organisation and the gateway with every role; on a network that runs already the gateway alone. Used by npm start, the
 * demo, the bench and the tests.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, isFree } from './free-port.mjs';
import { program } from './programs.mjs';
import { ownConnections } from './gateways.mjs';
import { expected, root } from './ready.mjs';

export const ORGANISATIONS = ['Alder', 'Birch', 'Cedar'];
const CHANNEL = 'holdfast';
const READY_MS = 60_000;
const STOP_MS = 10_000;

/** Where a system started here keeps its ledger, stores and identities. */
export const dataFolder = () => resolve(root, process.env.DATA_DIR ?? '.holdfast');

/** The system that runs on a folder, as `{ pid, url }`; undefined where none does. */
export function running(folder) {
  try {
    const { pid, url } = JSON.parse(readFileSync(join(folder, 'system.json'), 'utf8'));
    process.kill(pid, 0);
    return { pid, url };
  } catch {
    return undefined;
  }
}

/** Says whose folder it is, and what runs on it. */
const mark = (folder, system) => writeFileSync(join(folder, 'system.json'), JSON.stringify(system));

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
  mkdirSync(join(folder, 'logs'), { recursive: true });
  mark(folder, {});
  await mustBeFree(host, port);
  const family = newFamily(folder, onLost);
  try {
    // a gateway that comes back is found where it was
    const address = { host, port: port === 0 ? await freePort() : port, isUsual: port !== 0 };
    return await startParts({ folder, ...address, network, several, report, family });
  } catch (error) {
    await family.stop();
    throw error;
  }
}

const flags = (values) =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);

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
  stamp('gateway', 'agent, key servers, provider, delegates', gateway.url);
  mark(folder, { pid: process.pid, url: gateway.url });
  return {
    url: gateway.url,
    folder,
    connection,
    kill: (name) => family.kill(name),
    pause: (name) => family.pause(name),
    resume: (name) => family.resume(name),
    async stop() {
      await family.stop();
      mark(folder, {});
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

/** A part that was ready and died comes back at once; one that never gets ready is tried a few times, ever slower. */
const AGAIN_MS = 100;
const FAILED_MS = 2_000;
const MOST_FAILURES = 5;

/** Children that end with us and come back when they die. */
function newFamily(folder, onLost) {
  const members = new Map();
  let stopping = false;
  const killAll = () => {
    for (const { child } of members.values()) child.kill('SIGKILL');
  };
  process.once('exit', killAll);

  function start(name, args, env = {}, failures = 0) {
    const child = spawn(process.execPath, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(join(folder, 'logs', `${name}.log`), { flags: 'a' });
    child.stderr.pipe(log);
    const ready = readyLine(name, child, log);
    const member = { args, env, child, ready, paused: false };
    members.set(name, member);
    let wasReady = false;
    void isReady(member).then((is) => (wasReady = is));
    const began = Date.now();
    member.next = new Promise((again) => {
      child.once('exit', (code, signal) => {
        if (stopping || member.paused) return;
        const lived = wasReady || Date.now() - began > 5_000;
        const failed = lived ? 0 : failures + 1;
        if (failed === MOST_FAILURES)
          onLost?.(
            `The ${name} process does not stay (${signal ?? `exit ${code}`}); see the log ${name}.log`,
          );
        setTimeout(
          () => stopping || again(start(name, args, env, failed)),
          lived ? AGAIN_MS : FAILED_MS * failed,
        );
      });
    });
    return member;
  }

  /** Ends a part as a power switch does; resolves when the one after it is ready, or begun where it does not say. */
  async function kill(name) {
    let member = members.get(name);
    member.child.kill('SIGKILL');
    do member = await member.next;
    while (!(name.startsWith('chaincode') || (await isReady(member))));
  }

  async function pause(name) {
    const member = members.get(name);
    member.paused = true;
    await end(member.child);
  }

  async function resume(name) {
    const { args, env } = members.get(name);
    await start(name, args, env).ready;
  }

  async function stop() {
    stopping = true;
    process.off('exit', killAll);
    const isGateway = (name) => name.startsWith('gateway');
    const ends = (name) => isGateway(name) || name.startsWith('chaincode');
    for (const wave of [isGateway, (n) => !ends(n), () => true]) {
      await Promise.all(
        [...members].filter(([name]) => wave(name)).map(([, { child }]) => end(child)),
      );
    }
  }
  return { start, kill, pause, resume, stop };
}

const isReady = ({ ready }) =>
  ready.then(
    () => true,
    () => false,
  );

/** Waits for the line of JSON that says a child answers; the rest of its output goes to its log. */
function readyLine(name, child, log) {
  const ready = new Promise((done, fail) => {
    const give = setTimeout(
      () =>
        fail(expected(`The ${name} did not answer within ${READY_MS / 1000} s; see ${log.path}`)),
      READY_MS,
    );
    createInterface(child.stdout).on('line', (text) => {
      const value = text.startsWith('{"ready":true') ? JSON.parse(text) : undefined;
      if (value === undefined) return log.write(`${text}\n`);
      clearTimeout(give);
      done(value);
    });
    let said = '';
    createInterface(child.stderr).on('line', (text) => (said = text.trim() || said));
    child.once('close', (code) => {
      clearTimeout(give);
      fail(expected(`The ${name} could not start (exit ${code}): ${said}; see ${log.path}`));
    });
  });
  ready.catch(() => undefined); // not every caller waits
  return ready;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(late);
}

async function mustBeFree(host, port) {
  if (port === 0 || (await isFree(host, port))) return;
  throw expected(`Port ${port} is taken. Choose another: PORT=${port + 1} npm start`, 2);
}
