/**
 * A consortium's network on this machine, of native processes on loopback: Fabric, Kubo and IPFS Cluster.
 *
 * What `up` was told is kept in the run folder, so that every later verb meets the same network.
 */
import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expected, root } from '../scripts/ready.mjs';
import { bundleChaincode } from '../scripts/package-chaincode.mjs';
import { enrolRoles, startAuthorities } from './fabric/authority.mjs';
import { deploy, startServers } from './fabric/chaincode.mjs';
import { writeConnection } from './fabric/connection.mjs';
import { fabricLayout } from './fabric/layout.mjs';
import { endorsersKnown, joinChannel, leaderElected, make, startNodes } from './fabric/nodes.mjs';
import { ipfsLayout } from './ipfs/layout.mjs';
import * as ipfsNodes from './ipfs/nodes.mjs';
import { makeRepositories } from './ipfs/repositories.mjs';
import { stop } from './processes.mjs';

const CHANNEL = 'holdfast';
const CHAINCODE = 'holdfast';
const MARK = 'network.json';

/** A network as its run folder describes it. @throws where there is none. */
export function openNetwork(folder) {
  if (!existsSync(join(folder, MARK)))
    throw expected(`${folder} holds no network: npm run network -- up`, 2);
  return networkOf(folder, JSON.parse(readFileSync(join(folder, MARK), 'utf8')));
}

const networkOf = (folder, settings) => ({
  folder,
  settings,
  fabric: fabricLayout({ ...settings, folder: join(folder, 'fabric'), channel: CHANNEL }),
  ipfs: ipfsLayout({ ...settings, folder: join(folder, 'ipfs') }),
});

/** Makes and starts a network in a new folder; where that fails, nothing keeps running. */
export async function up(folder, settings, step) {
  if (existsSync(join(folder, MARK)))
    throw expected(`${folder} holds a network already: start it, or take it down first`, 2);
  if (existsSync(folder))
    throw expected(`${folder} is there and holds no network: another RUN_DIR, please`, 2);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const network = networkOf(folder, { ...settings, sequence: 1 });
  try {
    const definition = await newDefinition(network);
    remember(network, definition);
    await allOf(fabricUp(network.fabric, definition, step), ipfsUp(network.ipfs, step));
  } catch (error) {
    await halt(network);
    throw error;
  }
  return network;
}

async function fabricUp(net, definition, step) {
  await step('certificates and first block', () => make(net));
  await step('orderers, peers and authorities answer', () =>
    Promise.all([startNodes(net), startAuthorities(net)]),
  );
  await step('channel joined', () => joinChannel(net));
  await step('identities enrolled', () => enrolRoles(net));
  await step('leader elected', () => leaderElected(net));
  await step(`chaincode ${definition.label} deployed`, () => deploy(net, definition));
  await step('endorsers known to every peer', () => endorsersKnown(net, CHAINCODE));
  writeConnection(net, CHAINCODE);
}

async function ipfsUp(net, step) {
  await step('repositories', () => makeRepositories(net));
  await step('IPFS nodes and Cluster peers see each other', () => ipfsNodes.startNodes(net));
}

/** Waits for all of them, whatever becomes of one. */
async function allOf(...works) {
  const results = await Promise.allSettled(works);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Starts all that does not run, on what there is. */
export const start = ({ fabric, ipfs, settings }, step) =>
  allOf(
    fabricStart(fabric, settings, step),
    step('IPFS nodes and Cluster peers see each other', () => ipfsNodes.startNodes(ipfs)),
  );

async function fabricStart(fabric, settings, step) {
  await step('orderers, peers and authorities answer', () =>
    Promise.all([startNodes(fabric), startAuthorities(fabric)]),
  );
  await step('leader elected', () => leaderElected(fabric));
  await step('chaincode listens', () => startServers(fabric, settings.definition));
  await step('endorsers known to every peer', () => endorsersKnown(fabric, CHAINCODE));
}

/** @returns names of processes that had to be killed. */
export const halt = async ({ fabric, ipfs }) =>
  (await Promise.all([stop(fabric.folder), stop(ipfs.folder)])).flat();

/** Ends the network and removes its folder: nothing else, and only a folder that we made. */
export async function down(network) {
  await halt(network);
  rmSync(network.folder, { recursive: true });
}

/** Deploys today's chaincode as the next sequence, while files are stored. */
export async function upgrade(network, step) {
  const next = {
    ...network,
    settings: { ...network.settings, sequence: network.settings.sequence + 1 },
  };
  const definition = await newDefinition(next);
  if (definition.label === network.settings.definition.label)
    throw expected(`${definition.label} is what runs: nothing to upgrade`, 2);
  await step(`chaincode ${definition.label} deployed`, () => deploy(network.fabric, definition));
  remember(next, definition);
  await step('endorsers known to every peer', () => endorsersKnown(network.fabric, CHAINCODE));
  return definition;
}

/** Deploys a second chaincode, packaged in `folder`, beside ours. */
export async function deployBeside({ fabric }, { name, version, folder }, step) {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const label = `${name}_${version}`;
  const definition = { name, version, sequence: 1, label, folder, slot: 1 };
  await step(`chaincode ${label} deployed`, () => deploy(fabric, definition));
  await step('endorsers known to every peer', () => endorsersKnown(fabric, name));
}

/** The chaincode as it is built here, packaged into the run folder: an upgrade of the house leaves it alone. */
async function newDefinition({ fabric, settings }) {
  const draft = join(fabric.folder, 'code', 'draft');
  const { version, codeHash } = await bundleChaincode(draft);
  const label = `${CHAINCODE}_${version}-${codeHash}`;
  const folder = join(fabric.folder, 'code', label);
  if (existsSync(folder)) {
    rmSync(draft, { recursive: true });
  } else {
    symlinkSync(join(root, 'node_modules'), join(draft, 'node_modules'));
    renameSync(draft, folder);
  }
  return {
    name: CHAINCODE,
    version: `${version}-${codeHash}`,
    sequence: settings.sequence,
    label,
    folder,
  };
}

const remember = ({ folder, settings }, definition) =>
  writeFileSync(join(folder, MARK), JSON.stringify({ ...settings, definition }, undefined, 2), {
    mode: 0o600,
  });
