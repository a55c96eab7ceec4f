/** A network backed up and put back; `copies.mjs` has the files. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expected } from '../scripts/ready.mjs';
import { running } from '../scripts/data-folder.mjs';
import { readBack, readBackup, writeBackup } from './copies.mjs';
import { writeConnection } from './fabric/connection.mjs';
import { chainOf } from './fabric/nodes.mjs';
import { CHAINCODE, halt, openNetwork, remember, start, withSettings } from './network.mjs';
import { usage } from './processes.mjs';

/**
 * Copies all that the network keeps to a new folder; what runs is stopped meanwhile.
 *
 * @returns number of files and of bytes
 */
export async function backup(network, target, step) {
  const { folder, fabric, ipfs, settings } = network;
  const busy = gatewaysOn(folder);
  if (busy.length > 0)
    throw expected(`stop what runs in ${busy.join(', ')} first: its records would be torn`, 2);
  const isRunning = [fabric, ipfs].some((part) => usage(part.folder).length > 0);
  if (!isRunning)
    await step('network started, to know its last block', () => start(network, quiet));
  const facts = { at: new Date().toISOString(), chains: await chainsOf(fabric), settings };
  await step('network stopped', () => halt(network));
  let sum;
  try {
    await step('files copied', async () => {
      sum = await writeBackup(folder, target, facts);
    });
  } finally {
    if (isRunning) await step('network started', () => start(network, quiet));
  }
  return sum;
}

/**
 * Puts a backup into a new run folder and starts it. Its ports are those of then: they stand in the ledger.
 *
 * @param bins folders of binaries, as they are here
 */
export async function restore(target, folder, bins, step) {
  const list = await readBackup(target);
  await step('files put back, digests right', () => readBack(target, list, folder));
  const network = remember(withSettings(openNetwork(folder), bins));
  const { fabric } = network;
  try {
    await start(network, step);
    writeConnection(fabric, CHAINCODE);
    await step('ledger as it was backed up', async () =>
      mustReach(list.chains, await chainsOf(fabric)),
    );
  } catch (error) {
    await halt(network);
    throw error;
  }
  return { network, at: list.at };
}

const quiet = (_label, work) => work();

/** Folders in the run folder that a gateway works on. */
const gatewaysOn = (folder) =>
  readdirSync(folder).filter((name) => running(join(folder, name)) !== undefined);

/** Height and last hash of each organisation's chain. */
const chainsOf = async (fabric) =>
  Object.fromEntries(
    await Promise.all(
      fabric.organisations.map(async (one) => [one.mspId, await chainOf(fabric, one)]),
    ),
  );

function mustReach(before, now) {
  for (const [mspId, { height, hash }] of Object.entries(before)) {
    const found = now[mspId];
    if (found.height < height || (found.height === height && found.hash !== hash))
      throw expected(`${mspId}: ${height} blocks were backed up, and ${found.height} came back`);
  }
}
