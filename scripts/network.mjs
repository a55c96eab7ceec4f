/**
 * npm run network -- <verb>: a consortium's network of native processes on this machine.
 *
 * install [product …]     builds the engines that are not there
 * up | down               makes a network in RUN_DIR (./.network unless told) | ends it and removes that folder
 * start | stop            what was made goes on | ends, its state kept
 * stop PROCESS            ends one of those that status shows
 * status                  processes, memory, blocks
 * deploy [FOLDER]         brings the channel to the chaincode as it is built here, or packaged in FOLDER
 * upgrade [FOLDER]        the same, where it is meant to bring new code
 * configure               the consortium's rules in force, JSON
 * configure FILE          submits rules: the first ones, or a vote of each organisation
 * verify                  same blocks, whole, and the same code at every peer
 * roots                   the consortium's number and the fingerprint of each organisation's root: what owners compare
 * certs                   dates of every certificate
 * certs renew             new certificates for the identities of every organisation, of the same keys; lists signed anew
 * certs revoke ORGANISATION NAME | ORGANISATION SERIAL AKI
 *                         takes certificates back: all of an identity, or one
 * certs replace ORGANISATION ROLE
 *                         a new key and certificate for a role
 * add ORGANISATION        takes another organisation into the channel, with its peer, authority and chaincode
 * backup FOLDER           copies all that the network keeps; it is stopped meanwhile
 * restore FOLDER          puts that into RUN_DIR, and starts it
 * replace NODE [--force]  an empty repository in the place of a storage node's lost one, which the provider fills; not
 *                         where it still answers, or where other nodes lack what is pinned
 * logs [name]             last lines of each process, or all of one
 */
import { existsSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { install } from '../network/binaries.mjs';
import {
  CHAINCODE,
  definitionOf,
  deploy,
  down,
  halt,
  openNetwork,
  start,
  up,
  upgrade,
} from '../network/network.mjs';
import { backup, restore } from '../network/backup.mjs';
import { readBackup } from '../network/copies.mjs';
import { writeEnvironments } from '../network/environments.mjs';
import { bringIntoForce, rulesOf } from '../network/fabric/configure.mjs';
import { chainOf } from '../network/fabric/nodes.mjs';
import { replaceNode } from '../network/ipfs/replacement.mjs';
import { logFile, names, stop, usage } from '../network/processes.mjs';
import { certificates } from './network-certificates.mjs';
import { mspIds, networkSettings, printStep } from './network-settings.mjs';
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
    writeEnvironments(await timed((step) => up(folder, settings, step)));
    print(`\nThe gateway on it:  set -a; . ${shown}/gateway.env; set +a; npm start`);
  },

  start: () => timed((step) => start(openNetwork(folder), step)),

  async stop(name) {
    const network = openNetwork(folder);
    if (name === undefined) return sayKilled(await halt(network));
    const [[, where]] = processes(network, name);
    sayKilled(await stop(where, [name]));
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

  async deploy(package_) {
    await ready(print);
    await timed((step) => deploy(openNetwork(folder), step, pathOf(package_)));
  },

  async upgrade(package_) {
    await ready(print);
    await timed((step) => upgrade(openNetwork(folder), step, pathOf(package_)));
  },

  async configure(file) {
    const { fabric } = openNetwork(folder);
    if (file === undefined)
      return print(JSON.stringify(await rulesOf(fabric, CHAINCODE), undefined, 2));
    const config = parsed(file, readFileSync(pathOf(file), 'utf8'));
    const { version } = config;
    const report = (mspId, refusal) =>
      print(
        `${mspId}  ${refusal === undefined ? `version ${version} submitted` : refusal.message}`,
      );
    if (!(await bringIntoForce(fabric, CHAINCODE, config, report)))
      throw expected(`Version ${version} is not in force: more than half have to want it.`, 3);
    print(`Version ${version} is in force.`);
  },

  async verify() {
    await ready(print);
    const network = openNetwork(folder);
    const { verify } = await import('../network/fabric/verify.mjs');
    const { lines, problems } = await verify(network.fabric, definitionOf(network));
    for (const line of lines) print(`  ${line}`);
    if (problems.length > 0) throw expected(problems.join('\n'), 4);
    print('Whole.');
  },

  async roots() {
    const { fabric } = openNetwork(folder);
    await ready(print);
    const { rootsOf } = await import('../network/fabric/roots.mjs');
    const { consortium, roots } = rootsOf(fabric);
    for (const { mspId, fingerprint } of roots) print(`${mspId.padEnd(12)}${fingerprint}`);
    print(`Consortium ${consortium}`);
  },

  certs: (verb = 'list', ...args) => certificates(openNetwork(folder).fabric, verb, args, print),

  async add(mspId) {
    const network = openNetwork(folder);
    if (mspId === undefined) throw expected('npm run network -- add ORGANISATION', 2);
    mspIds([...new Set([...network.settings.organisations, mspId])]);
    await ready(print);
    const { addOrganisation } = await import('../network/addition.mjs');
    writeEnvironments(await timed((step) => addOrganisation(network, mspId, step)));
    print(`${mspId} is in the channel. Its part in it: npm run network -- configure FILE`);
    await VERBS.roots();
  },

  async backup(target) {
    if (target === undefined) throw expected('npm run network -- backup FOLDER', 2);
    let sum;
    await timed(async (step) => {
      sum = await backup(openNetwork(folder), pathOf(target), step);
    });
    print(`${sum.count} files, ${mib(sum.bytes)} MiB, every private key among them, in ${target}`);
  },

  async restore(target) {
    if (target === undefined) throw expected('npm run network -- restore FOLDER', 2);
    const { consensus } = (await readBackup(pathOf(target))).settings;
    const { settings, versions } = await networkSettings(consensus);
    print(versions);
    await ready(print);
    const { bin, caBin, kuboBin, clusterBin } = settings;
    const bins = { bin, caBin, kuboBin, clusterBin };
    let found;
    await timed(async (step) => {
      found = await restore(pathOf(target), folder, bins, step);
    });
    writeEnvironments(found.network);
    print(`As it was at ${found.at}.`);
  },

  async replace(name, word) {
    const { ipfs } = openNetwork(folder);
    const node = ipfs.nodes.find((one) => one.name === name);
    if (node === undefined || (word !== undefined && word !== '--force')) {
      const nodes = ipfs.nodes.map((one) => one.name).join(', ');
      throw expected(`replace NODE [--force], where a node is: ${nodes}`, 2);
    }
    await replaceNode(ipfs, node, word !== undefined, print);
    print(`${name} is empty and up; the provider owes it every file that it had`);
  },

  logs(name) {
    for (const [one, where] of processes(openNetwork(folder), name)) {
      const lines = readFileSync(logFile(where, one), 'utf8').trimEnd().split('\n');
      print(`== ${one}\n${(name === undefined ? lines.slice(-3) : lines).join('\n')}`);
    }
  },
};

/** Name and folder of a process, of all where none is named. @throws where there is none. */
function processes({ fabric, ipfs }, name) {
  const all = [fabric, ipfs].flatMap((part) => names(part.folder).map((one) => [one, part.folder]));
  const wanted = all.filter(([one]) => name === undefined || one === name);
  if (wanted.length > 0) return wanted;
  throw expected(`no process ${name}; there are ${all.map(([one]) => one).join(', ')}`, 2);
}

const pathOf = (path) =>
  path === undefined ? undefined : resolve(process.env.INIT_CWD ?? '', path);

const mib = (bytes) => Math.round(bytes / 2 ** 20);

function parsed(file, text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw expected(`${file}: ${error.message}`, 2);
  }
}

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
