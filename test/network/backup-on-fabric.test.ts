/** A network is backed up, removed to the last file, and put back: what was stored comes back, and goes on. */
import { existsSync } from 'node:fs';
import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { verify } from '../../network/fabric/verify.mjs';
import { backup, restore } from '../../network/backup.mjs';
import { definitionOf, down, openNetwork } from '../../network/network.mjs';
import { openOwnerOnNetwork, type OwnerOnNetwork } from '../support/owner-on-network.ts';

const NETWORK = process.env['NETWORK'];
const quiet = async (_label: string, work: () => Promise<unknown>): Promise<void> => {
  await work();
};

/** Flips a byte of a file. */
async function flip(path: string): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, 0);
  byte[0] = (byte[0] ?? 0) ^ 1;
  await file.write(byte, 0, 1, 0);
  await file.close();
}

(NETWORK === undefined ? describe.skip : describe)(
  `a backup of a network${NETWORK === undefined ? ' (npm run test:network)' : ''}`,
  () => {
    const run = NETWORK ?? '';
    let at: OwnerOnNetwork;
    let scratch: string;
    let target: string;

    beforeAll(async () => {
      scratch = await mkdtemp(join(tmpdir(), 'holdfast-backup-'));
      target = join(scratch, 'backup');
      at = await openOwnerOnNetwork();
      await at.put(600_000);
    }, 120_000);
    afterAll(async () => {
      await at.close();
      await rm(scratch, { recursive: true, force: true });
    }, 60_000);

    it('is refused while a gateway writes its records', async () => {
      await expect(backup(openNetwork(run), target, quiet)).rejects.toThrow('stop what runs in');
      expect(existsSync(target)).toBe(false);
    });

    it('copies all of it, and the network goes on', async () => {
      await at.pause();
      const { count, bytes } = await backup(openNetwork(run), target, quiet);
      expect(count).toBeGreaterThan(300);
      expect(bytes).toBeGreaterThan(1_000_000);
      const network = openNetwork(run);
      expect(await verify(network.fabric, definitionOf(network))).toMatchObject({ problems: [] });
      await expect(backup(network, target, quiet)).rejects.toThrow('is there already');
    }, 180_000);

    it('is not put back over a network, nor where a byte of it has changed', async () => {
      const { settings } = openNetwork(run);
      await expect(restore(target, run, settings, quiet)).rejects.toThrow('is there already');
      const blocks = join(target, 'files', 'ipfs', 'data', 'kubo-1', 'blocks');
      const [some] = (await readdir(blocks, { recursive: true })).filter((name) =>
        name.endsWith('.data'),
      );
      const path = join(blocks, some ?? '');
      await flip(path);
      const other = join(scratch, 'other');
      await expect(restore(target, other, settings, quiet)).rejects.toThrow('nothing was restored');
      expect(await readdir(scratch)).toEqual(['backup']);
      await flip(path);
    }, 60_000);

    it('brings everything back after the last file of the network is gone', async () => {
      const { settings } = openNetwork(run);
      await down(openNetwork(run));
      expect(existsSync(run)).toBe(false);
      await restore(target, run, settings, quiet);
      await at.resume();
      expect(await at.lost()).toEqual([]);
      await at.put(600_000);
      expect(await at.lost()).toEqual([]);
    }, 240_000);
  },
);
