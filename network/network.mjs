/**
 * A consortium's network on this machine, of native processes on loopback: Fabric, Kubo and IPFS Cluster.
 *
 * What `up` was told is kept in the run folder, so that every later verb meets the same network.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expected } from '../scripts/ready.mjs';
import { bundleChaincode, copyPackage } from '../scripts/bundle-chaincode.mjs';
import { replaceFile } from '../scripts/replace-file.mjs';
import { enrolRoles, startAuthorities } from './fabric/authority.mjs';
import { committedOf, deploy as deployDefinition, startServers } from './fabric/chaincode.mjs';
import { writeConnection } from './fabric/connection.mjs';
import { fabricLayout } from './fabric/layout.mjs';
import { endorsersKnown, joinChannel, leaderElected, make, startNodes } from './fabric/nodes.mjs';
import { ipfsLayout } from './ipfs/layout.mjs';
import * as ipfsNodes from './ipfs/nodes.mjs';
import { makeRepositories } from './ipfs/repositories.mjs';
import { stop } from './processes.mjs';

/** Its name on the channel. */
export const CHAINCODE = 'holdfast';
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
  fabric: fabricLayout({ ...settings, folder: join(folder, 'fabric') }),
  ipfs: ipfsLayout({ ...settings, folder: join(folder, 'ipfs') }),
});

/** @throws where the folder is there already. */
function newNetwork(folder, settings) {
  if (existsSync(join(folder, MARK)))
    throw expected(`${folder} holds a network already: start it, or take it down first`, 2);
  if (existsSync(folder))
    throw expected(`${folder} is there and holds no network: another RUN_DIR, please`, 2);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return networkOf(folder, settings);
}

/** Makes and starts a network in a new folder; where that fails, nothing keeps running. */
export async function up(folder, settings, step) {
  const network = newNetwork(folder, settings);
  try {
    const definition = { ...(await packaged(network)), sequence: 1 };
    const remembered = remember(withSettings(network, { definition }));
    await allOf(fabricUp(remembered, step), ipfsUp(network.ipfs, step));
    return remembered;
  } catch (error) {
    await halt(network);
    throw error;
  }
}

async function fabricUp(network, step) {
  const { fabric } = network;
  const definition = definitionOf(network);
  await ledgerUp(fabric, step);
  await step(`chaincode ${definition.label} deployed`, () => deployDefinition(fabric, definition));
  await step('endorsers known to every peer', () => endorsersKnown(fabric, CHAINCODE));
  writeConnection(fabric, CHAINCODE);
}

/** A ledger without chaincode, and the identities of every role. */
async function ledgerUp(net, step) {
  await step('certificates and first block', () => make(net));
  await step('orderers, peers and authorities answer', () =>
    Promise.all([startNodes(net), startAuthorities(net)]),
  );
  await step('channel joined', () => joinChannel(net));
  await step('identities enrolled', () => enrolRoles(net));
  await step('leader elected', () => leaderElected(net));
}

/** As {@link up}, without storage and chaincode: what `definitions` names is deployed instead, the first of them ours. */
export async function upLedger(folder, settings, definitions, step) {
  const network = newNetwork(folder, settings);
  const { fabric } = network;
  try {
    const remembered = remember(network);
    await ledgerUp(fabric, step);
    for (const definition of definitions) await deployBeside(network, definition, step);
    writeConnection(fabric, definitions[0].name);
    return remembered;
  } catch (error) {
    await halt(network);
    throw error;
  }
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
export const start = (network, step) =>
  allOf(
    fabricStart(network, step),
    step('IPFS nodes and Cluster peers see each other', () => ipfsNodes.startNodes(network.ipfs)),
  );

async function fabricStart(network, step) {
  const { fabric } = network;
  await step('orderers, peers and authorities answer', () =>
    Promise.all([startNodes(fabric), startAuthorities(fabric)]),
  );
  await step('leader elected', () => leaderElected(fabric));
  await step('chaincode listens', () => startServers(fabric, definitionOf(network)));
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

/**
 * Brings the channel to the chaincode as it is built here, or as a folder of `npm run package -w chaincode` holds it,
 * while files are stored. Where another code runs, it becomes the next sequence of the definition; where this one does,
 * what was left undone is done.
 *
 * @returns the definition in force
 */
export async function deploy(network, step, folder) {
  const code = await packaged(network, folder);
  const committed = await committedOf(network.fabric, CHAINCODE);
  const isNew = committed?.version !== code.version;
  const definition = { ...code, sequence: (committed?.sequence ?? 0) + (isNew ? 1 : 0) };
  const next = withSettings(network, { definition });
  await step(`chaincode ${definition.label} deployed`, () =>
    deployDefinition(next.fabric, definitionOf(next)),
  );
  remember(next);
  await step('endorsers known to every peer', () => endorsersKnown(network.fabric, CHAINCODE));
  return definition;
}

/** The same, where it is meant to bring new code. */
export async function upgrade(network, step, folder) {
  const { label } = await packaged(network, folder);
  if (label === network.settings.definition.label)
    throw expected(`${label} is what runs: nothing to upgrade`, 2);
  return deploy(network, step, folder);
}

/**
 * Deploys a chaincode, packaged in `folder`, beside what there is.
 *
 * @param definition `{ name, version, folder }`; `slot` 1 unless given; `alone`: the folder has its own packages and
 *   entry point, and serves without TLS, as fabric-samples have it
 */
export async function deployBeside({ fabric }, definition, step) {
  const { name, version } = definition;
  const label = `${name}_${version}`;
  const whole = { slot: 1, ...definition, sequence: 1, label };
  await step(`chaincode ${label} deployed`, () => deployDefinition(fabric, whole));
  await step('endorsers known to every peer', () => endorsersKnown(fabric, name));
}

/** Chaincode copied into the run folder, where an upgrade of the house leaves it alone. */
async function packaged({ fabric }, folder) {
  const draft = join(fabric.folder, 'code', 'draft');
  const { version, codeHash } =
    folder === undefined ? await bundleChaincode(draft) : copyPackage(folder, draft);
  const label = `${CHAINCODE}_${version}-${codeHash}`;
  const kept = join(fabric.folder, 'code', label);
  if (existsSync(kept)) rmSync(draft, { recursive: true });
  else renameSync(draft, kept);
  return { name: CHAINCODE, version: `${version}-${codeHash}`, label };
}

/** What the channel goes by, with the folder of its code. */
export const definitionOf = ({ fabric, settings: { definition } }) => ({
  ...definition,
  folder: join(fabric.folder, 'code', definition.label),
});

/** The same network with other settings; later verbs meet it so once it is remembered. */
export const withSettings = ({ folder, settings }, changes) =>
  networkOf(folder, { ...settings, ...changes });

/** @returns the same. */
export function remember(network) {
  const { folder, settings } = network;
  replaceFile(join(folder, MARK), JSON.stringify(settings, undefined, 2));
  return network;
}
