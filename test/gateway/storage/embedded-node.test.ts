import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { CarBlockIterator } from '@ipld/car';
import { CID } from 'multiformats/cid';
import { isWhole, sha256 } from '../../../gateway/src/storage/block-cid.ts';
import { openEmbeddedNode } from '../../../gateway/src/storage/embedded-node.ts';
import { blockPath } from '../../../gateway/src/storage/flatfs.ts';
import { inChunks, joined } from '../../support/sealing.ts';
import { flipped } from '../../support/tamper.ts';
import { storageNodeSuite } from '../../suites/storage-node-suite.ts';

const signal = new AbortController().signal;

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-node-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

storageNodeSuite('embedded', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'holdfast-node-'));
  const folder = join(parent, 'node-1');
  const open = () => openEmbeddedNode({ name: 'node-1', folder });
  return {
    node: await open(),
    overwrite: (cid, bytes) => writeFile(join(folder, 'blocks', ...blockPath(cid)), bytes),
    takeDown: () => rename(folder, `${folder}.away`),
    bringUp: () => rename(`${folder}.away`, folder),
    reopen: open,
    close: () => rm(parent, { recursive: true, force: true }),
  };
});

describe('embedded node: the folder', () => {
  it("is laid out as Kubo's default datastore", async () => {
    // The empty UnixFS folder, which every new Kubo repository holds under this name.
    const known = CID.parse('QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn');
    expect(blockPath(known).join('/')).toBe(
      'X3/CIQFTFEEHEDF6KLBT32BFAGLXEZL4UWFNWM4LFTLMXQBCERZ6CMLX3Y.data',
    );
    await inFolder(async (folder) => {
      const node = await openEmbeddedNode({ name: 'node-1', folder });
      await node.put(known, Uint8Array.of(0x0a, 2, 8, 1), signal);
      const blocks = join(folder, 'blocks');
      expect(await readFile(join(blocks, 'SHARDING'), 'utf8')).toBe(
        '/repo/flatfs/shard/v1/next-to-last/2\n',
      );
      const path = join(blocks, ...blockPath(known));
      expect(new Uint8Array(await readFile(path))).toEqual(Uint8Array.of(0x0a, 2, 8, 1));
    });
  });

  it('would import damaged blocks if it left the checking to the decoder of archives', () =>
    inFolder(async (folder) => {
      const node = await openEmbeddedNode({ name: 'node-1', folder });
      const bytes = new Uint8Array(1000).fill(7);
      const cid = blockCid(sha256(bytes));
      await node.put(cid, bytes, signal);
      const archive = await joined(node.exportCar(cid, signal));
      const damaged = flipped(archive, 8 * archive.length - 1);
      const blocks = await CarBlockIterator.fromBytes(damaged);
      for await (const block of blocks) expect(isWhole(block.cid, block.bytes)).toBe(false);
      const imported = node.importCar(cid, inChunks(damaged), signal);
      await expect(imported).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    }));

  it('is down where it is laid out in another way, and up once it is not', () =>
    inFolder(async (folder) => {
      await openEmbeddedNode({ name: 'node-1', folder });
      const sharding = join(folder, 'blocks', 'SHARDING');
      const ours = await readFile(sharding);
      await writeFile(sharding, '/repo/flatfs/shard/v1/prefix/2\n');
      const node = await openEmbeddedNode({ name: 'node-1', folder });
      expect(await node.status(signal)).toMatchObject({ up: false });
      const cid = blockCid(new Uint8Array(32));
      await expect(node.has(cid, signal)).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' });
      await writeFile(sharding, ours);
      expect(await node.status(signal)).toMatchObject({ up: true });
      expect(await node.has(cid, signal)).toBe(false);
    }));

  it('keeps no temporary files of a process that died', () =>
    inFolder(async (folder) => {
      await openEmbeddedNode({ name: 'node-1', folder });
      const temporary = join(folder, 'blocks', '.temp');
      await writeFile(join(temporary, '7'), 'half a blo');
      await openEmbeddedNode({ name: 'node-1', folder });
      expect(await readdir(temporary)).toEqual([]);
    }));

  it.each([60, 110, 190])(
    'has every block it acknowledged, whole, after a kill -9 (after %d blocks)',
    (count) =>
      inFolder(async (folder) => {
        const acknowledged = await killedWriter(folder, count);
        expect(acknowledged.length).toBeGreaterThanOrEqual(count);
        const node = await openEmbeddedNode({ name: 'node-1', folder });
        for (const text of acknowledged) {
          const cid = CID.parse(text);
          const bytes = await node.get(cid, signal);
          expect(bytes !== undefined && isWhole(cid, bytes)).toBe(true);
        }
        // Nor is any other block half there.
        for (const bytes of await allBlocks(folder)) {
          expect(await node.has(blockCid(sha256(bytes)), signal)).toBe(true);
        }
      }),
    30_000,
  );
});

/** Lets a child write blocks as fast as it can and kills it at its `count`th acknowledgement. */
async function killedWriter(folder: string, count: number): Promise<string[]> {
  const script = fileURLToPath(new URL('./block-writer.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === count) child.kill('SIGKILL');
  }
  return acknowledged;
}

async function allBlocks(folder: string): Promise<Uint8Array[]> {
  const files = await readdir(join(folder, 'blocks'), { recursive: true });
  return Promise.all(
    files
      .filter((file) => file.endsWith('.data'))
      .map((file) => readFile(join(folder, 'blocks', file))),
  );
}
