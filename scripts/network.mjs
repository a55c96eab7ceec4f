/**
 * npm run network -- <verb>: a consortium's network of native processes on this machine.
 *
 * install [product …]   builds the engines that are not there
 * up | down             makes a network in RUN_DIR (./.network unless told) | ends it and removes that folder
 * start | stop          what was made goes on | ends, its state kept
 * status                processes, memory, blocks
 * upgrade               deploys the chaincode as it is built here, while files are stored
 * logs [name]           last lines of each process, or all of one
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { install } from '../network/binaries.mjs';
import { down, halt, openNetwork, start, up, upgrade } from '../network/network.mjs';
import { chainOf } from '../network/fabric/nodes.mjs';
import { logFile, names, usage } from '../network/processes.mjs';
import { networkSettings, printStep } from './network-settings.mjs';
import { expected, ready, root } from './ready.mjs';

const print = (text) => process.stdout.write(`${text}\n`);
const folder = resolve(root, process.env.RUN_DIR ?? '.network');
const shown = relative('', folder);

const VERBS = {
  async install(...products) {
    const wanted = products.length > 0 ? products : ['fabric', 'fabric-ca', 'kubo', 'cluster'];
    await install(wanted, print);
  },

  async up() {
    const { settings, versions } = await networkSettings();
    print(versions);
    await ready(print);
    const { fabric, ipfs } = await timed((step) => up(folder, settings, step));
    const environment = {
      LEDGER_CONNECTION: fabric.connection,
      STORAGE_DRIVER: 'cluster',
      STORAGE_CONNECTION: ipfs.connection,
      DATA_DIR: join(folder, 'gateway'),
    };
    const text = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(folder, 'gateway.env'), text.join(''));
    print(`\nThe gateway on it:  set -a; . ${shown}/gateway.env; set +a; npm start`);
  },

  start: () => timed((step) => start(openNetwork(folder), step)),

  async stop() {
    sayKilled(await halt(openNetwork(folder)));
  },

  async down() {
    if (!existsSync(folder)) return print(`no network in ${shown}`);
    await down(openNetwork(folder));
    print(`${shown} removed`);
  },

  async status() {
    const { fabric, ipfs } = openNetwork(folder);
    const folders = [fabric.folder, ipfs.folder];
    const living = folders.flatMap(usage);
    for (const { name, pid, rssMiB, cpuSeconds } of living) {
      print(
        `${name.padEnd(22)}${String(pid).padStart(8)}${String(rssMiB).padStart(7)} MiB${cpuSeconds.toFixed(1).padStart(9)} CPU-s`,
      );
    }
    const down = folders.flatMap(names).filter((name) => !living.some((one) => one.name === name));
    for (const name of down) print(`${name.padEnd(22)}    down`);
    print(`${living.reduce((sum, { rssMiB }) => sum + rssMiB, 0)} MiB in all`);
    const up = fabric.organisations.filter(({ peer }) => living.some(({ name }) => name === peer));
    for (const organisation of up) {
      const { height, hash } = await chainOf(fabric, organisation);
      print(`${organisation.mspId.padEnd(22)}block ${height - 1}, ${hash}`);
    }
  },

  async upgrade() {
    await ready(print);
    await timed((step) => upgrade(openNetwork(folder), step));
  },

  logs(name) {
    const { fabric, ipfs } = openNetwork(folder);
    const all = [fabric, ipfs].flatMap((part) =>
      names(part.folder).map((one) => [one, part.folder]),
    );
    const wanted = all.filter(([one]) => name === undefined || one === name);
    if (wanted.length === 0) {
      throw expected(`no process ${name}; there are ${all.map(([one]) => one).join(', ')}`, 2);
    }
    for (const [one, where] of wanted) {
      const lines = readFileSync(logFile(where, one), 'utf8').trimEnd().split('\n');
      print(`== ${one}\n${(name === undefined ? lines.slice(-3) : lines).join('\n')}`);
    }
  },
};

async function timed(work) {
  const began = Date.now();
  const result = await work(printStep);
  print(`Ready in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return result;
}

function sayKilled(stubborn) {
  if (stubborn.length > 0) print(`killed after 10 s: ${stubborn.join(', ')}`);
}

const [verb = '', ...args] = process.argv.slice(3);
if (!Object.hasOwn(VERBS, verb)) {
  throw expected(`npm run network -- <verb>, where a verb is: ${Object.keys(VERBS).join(', ')}`, 2);
}
await VERBS[verb](...args);
