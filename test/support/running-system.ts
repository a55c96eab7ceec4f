/**
 * The whole system as the story and the client's tests use it: on the embedded default, on free ports and in a folder of
 * its own; or on the network whose run folder NETWORK names, all tests after each other on the same gateway's folder.
 */
import { mkdtemp, rm } from 'node:fs/promises';
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

/** Starts it; `stop` also removes what was made for it. */
export const startTestSystem = (): Promise<SystemUnderTest> =>
  NETWORK === undefined ? onOwnFolder() : onNetwork(NETWORK);

async function onNetwork(run: string): Promise<SystemUnderTest> {
  const { fabric, ipfs } = openNetwork(run);
  const network = {
    ledger: fabric.connection,
    driver: 'cluster',
    nodes: ipfs.connection,
  } as const;
  const system = await startSystem({ folder: join(run, 'gateway'), port: 0, network });
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

async function onOwnFolder(): Promise<SystemUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-'));
  await layKeys(folder);
  const system = await startSystem({ folder, port: 0 });
  return {
    ...system,
    everything: folder,
    nodeFolder: (name) => join(folder, 'storage', name),
    async stop() {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
