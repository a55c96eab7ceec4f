/** What any provider does, be it played here or by another organisation's gateway. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { concat, equalBytes } from '@holdfast/protocol/bytes.js';
import { verifyEquation5 } from '@holdfast/protocol/proof.js';
import type { Provider, StoredPart } from '../../gateway/src/roles.ts';
import { NODES } from '../support/consortium.ts';
import { flatfsFile } from '../support/flatfs-file.ts';
import {
  bring,
  newProviderStage,
  sealUpload,
  type ProviderStage,
  type SealedUpload,
  type StageOwner,
} from '../support/provider-stage.ts';
import { inChunks, joined, manyBytes } from '../support/sealing.ts';
import { flipped } from '../support/tamper.ts';

const refused = (code: string) => expect.objectContaining({ code });
const NOBODYS = 'ef'.repeat(32);

/** @param reach - the provider as the rest of a gateway has it, and what ends that. */
export function providerSuite(
  title: string,
  reach: (local: Provider) => Promise<{ provider: Provider; close: () => Promise<void> }>,
): void {
  describe(`a provider ${title}`, () => {
    let stage: ProviderStage;
    let ann: StageOwner;
    let reached: Awaited<ReturnType<typeof reach>>;
    let provider: Provider;
    let stored: SealedUpload;

    beforeAll(async () => {
      stage = await newProviderStage();
      ann = await stage.openOwner('ann');
      reached = await reach((await stage.reopen()).provider);
      ({ provider } = reached);
      stored = await sealUpload(ann, manyBytes(200_000, 10));
      const { uploadId } = await bring(provider, stored);
      const answer = await provider.accept(uploadId, stored.acceptance);
      expect([...answer.nodes].toSorted()).toEqual([...NODES]);
      // signed once: whoever did not hear it is told again
      expect(await provider.accept(uploadId, stored.acceptance)).toEqual(answer);
    }, 60_000);
    afterAll(async () => {
      await reached.close();
      await stage.close();
    });

    const read = async (part: StoredPart, range?: { start: number; end: number }) =>
      joined((await provider.read(stored.request, part, range)).bytes);

    it('says whose it is, and how its nodes are', async () => {
      expect(provider.providerId).toBe('Birch');
      const nodes = await provider.nodes();
      expect(nodes.map(({ node }) => node).toSorted()).toEqual([...NODES]);
      for (const { up, freeBytes, files } of nodes) {
        expect([up, typeof freeBytes, files]).toEqual([true, 'bigint', 1]);
      }
    });

    it('takes the table of a tag key, and no other for it', async () => {
      await provider.tagKey(ann.tagKeyId, inChunks(ann.tableBytes));
      const bob = await stage.openOwner('bob');
      const wrong = provider.tagKey(bob.tagKeyId, inChunks(ann.tableBytes));
      await expect(wrong).rejects.toEqual(refused('KEY_INVALID'));
      const unknown = provider.tagKey(NOBODYS, inChunks(ann.tableBytes));
      await expect(unknown).rejects.toEqual(refused('NOT_FOUND'));
    });

    it('hands out every part as it came, whole and in ranges', async () => {
      const content = concat(await read('content'), await read('manifest'));
      expect(equalBytes(content, stored.content)).toBe(true);
      expect(await read('tags')).toEqual(stored.tags);
      expect(await read('card')).toEqual(stored.card);
      const { size } = await provider.read(stored.request, 'content');
      expect(size).toBe(stored.request.paddedSize);
      const middle = { start: 65_530, end: 65_545 };
      expect(await read('content', middle)).toEqual(stored.content.slice(65_530, 65_545));
      expect(await read('content', { start: 7, end: 7 })).toHaveLength(0);
      const beyond = provider.read(stored.request, 'content', { start: 0, end: size + 1 });
      await expect(beyond).rejects.toEqual(refused('INPUT_INVALID'));
      const nobodys = provider.read({ fileId: NOBODYS }, 'content');
      await expect(nobodys).rejects.toEqual(refused('NOT_FOUND'));
    });

    it('hands out blocks one by one', async () => {
      const [node] = NODES;
      const block = await provider.block(stored.request.fileId, 1, node);
      expect(equalBytes(block ?? new Uint8Array(), stored.blocks[1] ?? new Uint8Array())).toBe(
        true,
      );
      const nowhere = provider.block(stored.request.fileId, 1, 'elm-1');
      await expect(nowhere).rejects.toEqual(refused('NOT_FOUND'));
    });

    it('combines what a node has, repairs what it has not', async () => {
      const { request, acceptance, blocks, file } = stored;
      const { fileId, taggedAt } = request;
      const challenge = { uids: [0, 1, 3], coefficients: [5n, 7n, 2n ** 127n + 11n] };
      const base = {
        version: 1,
        firstUid: 0,
        blockCount: blocks.length,
        nonce: acceptance.nonce,
        taggedAt,
      };
      const [node] = NODES;
      const combined = await provider.combine(fileId, node, challenge);
      if (combined === undefined) throw new Error('the node has all blocks');
      const files = [{ file: { fileId, base }, challenge }];
      const { tagKey } = ann.opening;
      expect(verifyEquation5({ ...combined, tagKey, table: ann.table, files })).toBe(true);

      const path = flatfsFile(join(stage.folder, 'nodes', node), file.blocks[1]?.digest);
      await rm(path);
      expect(await provider.combine(fileId, node, challenge)).toBeUndefined();
      expect(await provider.block(fileId, 1, node)).toBeUndefined();
      expect(await provider.repair(fileId, node, [1])).toEqual([1]);
      expect(await provider.block(fileId, 1, node)).toHaveLength(blocks[1]?.length ?? -1);
    });

    it('takes an upload in parts; what breaks off leaves the offset where it was', async () => {
      const upload = await sealUpload(ann, manyBytes(70_000, 3));
      const { uploadId, offset } = await provider.open(ann.ownerId, upload.request);
      expect(offset).toBe(0);
      const half = 65_536;
      expect(
        await provider.write(uploadId, 'content', 0, inChunks(upload.content.slice(0, half))),
      ).toBe(half);
      async function* brokenOff(): AsyncGenerator<Uint8Array> {
        yield upload.content.slice(half, half + 10);
        throw new RangeError('broken off');
      }
      const broken = provider.write(uploadId, 'content', half, brokenOff());
      await expect(broken).rejects.toThrow(new RangeError('broken off'));
      expect((await provider.upload(uploadId)).offset).toBe(half);
      const elsewhere = provider.write(uploadId, 'content', 7, inChunks(upload.content.slice(7)));
      await expect(elsewhere).rejects.toEqual(refused('CONFLICT'));
      const more = provider.write(
        uploadId,
        'content',
        half,
        inChunks(concat(upload.content.slice(half), new Uint8Array(5_000_000))),
      );
      await expect(more).rejects.toEqual(refused('TOO_LARGE'));
      const rest = inChunks(upload.content.slice(half));
      expect(await provider.write(uploadId, 'content', half, rest)).toBe(upload.content.length);
      const wrong = flipped(upload.tags, 9);
      await provider.write(uploadId, 'tags', 0, inChunks(wrong));
      await provider.write(uploadId, 'card', 0, inChunks(upload.card));
      const refusal = provider.accept(uploadId, upload.acceptance);
      await expect(refusal).rejects.toEqual(refused('TAG_INVALID'));
      await provider.write(uploadId, 'tags', 0, inChunks(upload.tags));
      await provider.accept(uploadId, upload.acceptance);
      await expect(provider.drop(uploadId)).rejects.toEqual(refused('ALREADY_EXISTS'));
    });

    it('drops an upload that nobody completes', async () => {
      const upload = await sealUpload(ann, manyBytes(10, 4));
      const { uploadId } = await provider.open(ann.ownerId, upload.request);
      await provider.drop(uploadId);
      await expect(provider.upload(uploadId)).rejects.toEqual(refused('NOT_FOUND'));
      await expect(provider.drop(uploadId)).rejects.toEqual(refused('NOT_FOUND'));
    });
  });
}
