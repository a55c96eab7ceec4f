/** What every storage driver must do; run against each. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { concat } from '@holdfast/protocol/bytes.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { encode, prepare } from '@ipld/dag-pb';
import fc from 'fast-check';
import { UnixFS } from 'ipfs-unixfs';
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { sha256 } from '../../gateway/src/storage/block-cid.ts';
import type { StorageNode } from '../../gateway/src/storage/storage-node.ts';
import { RUNS, seededRandom } from '../support/property.ts';
import { flipped } from '../support/tamper.ts';

/** A driver under test, with a hand on what lies below it. */
export interface NodeUnderTest {
  readonly node: StorageNode;
  /** Replaces the stored bytes of a block behind the node's back. */
  overwrite(cid: CID, bytes: Uint8Array): Promise<void>;
  /** Makes the node unreachable by real means, and reachable again. */
  takeDown(): Promise<void>;
  bringUp(): Promise<void>;
  /** The same store, opened anew. */
  reopen(): Promise<StorageNode>;
  close(): Promise<void>;
}

interface Block {
  readonly cid: CID;
  readonly bytes: Uint8Array;
}

/** A file of three raw leaves under one dag-pb node. */
interface Tree {
  readonly root: CID;
  readonly blocks: readonly Block[];
}

const leaf = (bytes: Uint8Array): Block => ({ cid: blockCid(sha256(bytes)), bytes });

function tree(leaves: readonly Block[]): Tree {
  const unixfs = new UnixFS({ type: 'file' });
  for (const { bytes } of leaves) unixfs.addBlockSize(BigInt(bytes.length));
  const links = leaves.map(({ cid, bytes }) => ({ Name: '', Tsize: bytes.length, Hash: cid }));
  const bytes = encode(prepare({ Data: unixfs.marshal(), Links: links }));
  const root = CID.createV1(0x70, create(0x12, sha256(bytes)));
  return { root, blocks: [{ cid: root, bytes }, ...leaves] };
}

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return concat(...parts);
}

async function listed(source: AsyncIterable<CID>): Promise<string[]> {
  const cids: string[] = [];
  for await (const cid of source) cids.push(cid.toString());
  return cids.toSorted();
}

const refusal = (code: string) => expect.objectContaining({ code });

export function storageNodeSuite(driver: string, open: () => Promise<NodeUnderTest>): void {
  describe(`storage node: ${driver}`, () => {
    const random = seededRandom();
    const signal = new AbortController().signal;
    const file = tree([leaf(random(5000)), leaf(random(5000)), leaf(random(17))]);
    let under: NodeUnderTest;
    let node: StorageNode;

    const putAll = async (blocks: readonly Block[]) => {
      for (const { cid, bytes } of blocks) await node.put(cid, bytes, signal);
    };

    beforeEach(async () => {
      under = await open();
      node = under.node;
    });
    afterEach(() => under.close());

    it('answers the bytes that were put, whatever their length', async () => {
      const bytes = fc.uint8Array({ maxLength: 4096 });
      await fc.assert(
        fc.asyncProperty(bytes, async (content) => {
          const block = leaf(content);
          await node.put(block.cid, block.bytes, signal);
          expect(await node.get(block.cid, signal)).toEqual(content);
          expect(await node.has(block.cid, signal)).toBe(true);
        }),
        RUNS,
      );
    });

    it('answers undefined for a block it does not have', async () => {
      const { cid } = leaf(random(10));
      expect(await node.get(cid, signal)).toBeUndefined();
      expect(await node.has(cid, signal)).toBe(false);
    });

    it('answers damaged bytes as they are, and a put mends them', async () => {
      const { cid, bytes } = leaf(random(1000));
      await node.put(cid, bytes, signal);
      await under.overwrite(cid, flipped(bytes, 4001));
      expect(await node.get(cid, signal)).toEqual(flipped(bytes, 4001));
      await node.put(cid, bytes, signal);
      expect(await node.get(cid, signal)).toEqual(bytes);
    });

    it('removes a block, and removing it again does no harm', async () => {
      const { cid, bytes } = leaf(random(1000));
      await node.put(cid, bytes, signal);
      await node.remove(cid, signal);
      await node.remove(cid, signal);
      expect(await node.has(cid, signal)).toBe(false);
    });

    it('takes equal blocks put at the same time', async () => {
      const { cid, bytes } = leaf(random(3000));
      await Promise.all(Array.from({ length: 8 }, () => node.put(cid, bytes, signal)));
      expect(await node.get(cid, signal)).toEqual(bytes);
    });

    it('keeps blocks and pins when it is opened anew', async () => {
      await putAll(file.blocks);
      await node.pin(file.root, signal);
      const again = await under.reopen();
      expect(await listed(again.pins(signal))).toEqual([file.root.toString()]);
      for (const { cid, bytes } of file.blocks) {
        expect(await again.get(cid, signal)).toEqual(bytes);
      }
    });

    it('pins a whole DAG, lists it once, and unpins it', async () => {
      await putAll(file.blocks);
      await node.pin(file.root, signal);
      await node.pin(file.root, signal);
      expect(await listed(node.pins(signal))).toEqual([file.root.toString()]);
      await node.unpin(file.root, signal);
      await node.unpin(file.root, signal);
      expect(await listed(node.pins(signal))).toEqual([]);
    });

    it('refuses to pin a DAG with a missing leaf, and names the leaf', async () => {
      await putAll(file.blocks.slice(0, -1));
      const last = file.blocks.at(-1)?.cid.toString() ?? '';
      await expect(node.pin(file.root, signal)).rejects.toMatchObject({
        code: 'NOT_FOUND',
        detail: expect.stringContaining(last),
      });
      expect(await listed(node.pins(signal))).toEqual([]);
    });

    it('exports an archive that imports elsewhere, and exports from there equal', async () => {
      await putAll(file.blocks);
      const archive = await collect(node.exportCar(file.root, signal));
      const other = await open();
      try {
        await other.node.importCar(file.root, chunksOf(archive, 700), signal);
        expect(await listed(other.node.pins(signal))).toEqual([file.root.toString()]);
        expect(await collect(other.node.exportCar(file.root, signal))).toEqual(archive);
      } finally {
        await other.close();
      }
    });

    it('refuses an archive with one bit changed, wherever, or pins nothing', async () => {
      await putAll(file.blocks);
      const archive = await collect(node.exportCar(file.root, signal));
      const other = await open();
      try {
        await fc.assert(
          fc.asyncProperty(fc.nat(8 * archive.length - 1), async (bit) => {
            const changed = chunksOf(flipped(archive, bit), 1024);
            await expect(other.node.importCar(file.root, changed, signal)).rejects.toEqual(
              expect.objectContaining({
                code: expect.stringMatching(/^(INPUT_INVALID|NOT_FOUND)$/),
              }),
            );
            expect(await listed(other.node.pins(signal))).toEqual([]);
          }),
          RUNS,
        );
      } finally {
        await other.close();
      }
    });

    it('refuses a truncated archive and one with another root', async () => {
      await putAll(file.blocks);
      const archive = await collect(node.exportCar(file.root, signal));
      const other = await open();
      try {
        for (const length of [0, 10, 100, archive.length - 1]) {
          const cut = chunksOf(archive.subarray(0, length), 1024);
          await expect(other.node.importCar(file.root, cut, signal)).rejects.toEqual(
            expect.objectContaining({ code: expect.stringMatching(/^(INPUT_INVALID|NOT_FOUND)$/) }),
          );
        }
        const wrong = other.node.importCar(leaf(random(3)).cid, chunksOf(archive, 1024), signal);
        await expect(wrong).rejects.toEqual(refusal('INPUT_INVALID'));
        expect(await listed(other.node.pins(signal))).toEqual([]);
      } finally {
        await other.close();
      }
    });

    it('fails an export half way rather than ending it as if it were whole', async () => {
      await putAll(file.blocks.slice(0, -1));
      await expect(collect(node.exportCar(file.root, signal))).rejects.toEqual(
        refusal('NOT_FOUND'),
      );
    });

    it('says that it is down, throws for everything else, and comes back with all it had', async () => {
      await putAll(file.blocks);
      const { cid, bytes } = leaf(random(100));
      expect(await node.status(signal)).toEqual({ up: true, freeBytes: expect.any(BigInt) });
      await under.takeDown();
      expect(await node.status(signal)).toEqual({ up: false, freeBytes: 0n });
      const calls = [
        () => node.put(cid, bytes, signal),
        () => node.get(file.root, signal),
        () => node.has(file.root, signal),
        () => node.remove(file.root, signal),
        () => node.pin(file.root, signal),
        () => node.unpin(file.root, signal),
        () => listed(node.pins(signal)),
        () => collect(node.exportCar(file.root, signal)),
      ];
      for (const call of calls)
        await expect(call()).rejects.toEqual(refusal('STORAGE_UNREACHABLE'));
      await under.bringUp();
      expect(await node.status(signal)).toMatchObject({ up: true });
      expect(await node.get(file.root, signal)).toEqual(file.blocks[0]?.bytes);
      expect(await node.has(cid, signal)).toBe(false);
    });

    it('does nothing once its signal is aborted', async () => {
      const { cid, bytes } = leaf(random(100));
      const aborted = AbortSignal.abort();
      await expect(node.put(cid, bytes, aborted)).rejects.toMatchObject({ name: 'AbortError' });
      await expect(node.get(cid, aborted)).rejects.toMatchObject({ name: 'AbortError' });
      expect(await node.has(cid, signal)).toBe(false);
    });
  });
}
