/**
 * The whole system as the story and the client's tests use it: on the embedded default, on free ports and in a folder of
 * its own; or on the network whose run folder NETWORK names, all tests after each other on the same gateway's folder.
 */
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openNetwork } from '../../network/network.mjs';
import { startSystem, type RunningSystem } from '../../scripts/system.mjs';
import { layKeys } from './key-server.ts';

export type { RunningSystem } from '../../scripts/system.mjs';

/** A system with a hand on what it keeps. */
export interface SystemUnderTest extends RunningSystem {
  /** Holds everything that any part of it keeps. */
  readonly everything: string;
  /** Folder of a storage node, in Kubo's layout. */
  nodeFolder(name: string): string;
}

const NETWORK = process.env['NETWORK'];

export interface TestSystemOptions {
  /** A gateway for each organisation. */
  readonly several?: boolean;
}

/** Starts it; `stop` also removes what was made for it. */
export const startTestSystem = ({
  several = false,
}: TestSystemOptions = {}): Promise<SystemUnderTest> =>
  NETWORK === undefined ? onOwnFolder(several) : onNetwork(NETWORK, several);

async function onNetwork(run: string, several: boolean): Promise<SystemUnderTest> {
  const { fabric, ipfs } = openNetwork(run);
  const network = {
    ledger: fabric.connection,
    driver: 'cluster',
    nodes: ipfs.connection,
  } as const;
  const folder = several ? await foldersOfThree(run) : join(run, 'gateway');
  const system = await startSystem({ folder, port: 0, network, several });
  return {
    ...system,
    everything: run,
    nodeFolder(name) {
      const node = ipfs.nodes.find((one) => one.name === name);
      if (node === undefined) throw new Error(`no node ${name}`);
      return node.repository;
    },
  };
}

/** Whichever gateway plays a role, on a ledger that goes on: its keys and what it keeps are where they were. */
async function foldersOfThree(run: string): Promise<string> {
  const roles = ['agent', 'delegate', 'key-server', 'provider', 'storage'];
  const folder = join(run, 'gateways');
  for (const name of ['alder', 'birch', 'cedar']) {
    await mkdir(join(folder, name), { recursive: true });
    for (const role of roles) {
      await mkdir(join(run, 'gateway', role), { recursive: true });
      await symlink(join(run, 'gateway', role), join(folder, name, role));
    }
  }
  return folder;
}

async function onOwnFolder(several: boolean): Promise<SystemUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-'));
  for (const own of several ? ['alder', 'cedar'] : ['']) await layKeys(join(folder, own));
  const system = await startSystem({ folder, port: 0, several });
  return {
    ...system,
    everything: folder,
    nodeFolder: (name) => join(folder, several ? 'birch' : '', 'storage', name),
    async stop() {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
