import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { equalBytes } from '@holdfast/protocol/bytes.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import { verifyEquation5 } from '@holdfast/protocol/proof.js';
import fc from 'fast-check';
import type { OpenProvider } from '../../../gateway/src/provider/open-provider.ts';
import type { Provider } from '../../../gateway/src/roles.ts';
import { blockPath } from '../../../gateway/src/storage/flatfs.ts';
import { NODES } from '../../support/consortium.ts';
import { RUNS } from '../../support/property.ts';
import {
  bring,
  newProviderStage,
  sealUpload,
  type ProviderStage,
  type SealedUpload,
  type StageOwner,
} from '../../support/provider-stage.ts';
import { inChunks, joined, manyBytes } from '../../support/sealing.ts';
import { flipped } from '../../support/tamper.ts';

const refused = (code: string) => expect.objectContaining({ code });

describe('provider: what is on its nodes', () => {
  let stage: ProviderStage;
  let ann: StageOwner;
  let open: OpenProvider;
  let provider: Provider;

  beforeAll(async () => {
    stage = await newProviderStage();
    ann = await stage.openOwner('ann');
  }, 60_000);
  afterAll(() => stage.close());
  beforeEach(async () => {
    open = await stage.reopen();
    ({ provider } = open);
  });

  const nodeFolder = (name: string) => join(stage.folder, 'nodes', name);

  it('combines tags and blocks of a challenge so that equation (5) tells whether a node has them', async () => {
    const upload = await sealUpload(ann, manyBytes(200_000, 10));
    const { uploadId } = await bring(provider, upload);
    await provider.accept(uploadId, upload.acceptance);
    const { fileId } = upload.request;
    const challenge = { uids: [0, 1, 3], coefficients: [5n, 7n, 11n] };
    const { nonce } = upload.acceptance;
    const blockCount = upload.blocks.length;
    const base = { version: 1, firstUid: 0, blockCount, nonce, taggedAt: upload.request.taggedAt };
    const holds = async (node: string) => {
      const combined = await provider.combine(fileId, node, challenge);
      if (combined === undefined) return undefined;
      const files = [{ file: { fileId, base }, challenge }];
      return verifyEquation5({ ...combined, tagKey: ann.opening.tagKey, table: ann.table, files });
    };
    const pathOf = (uid: number) => {
      const cid = blockCid(upload.file.blocks[uid]?.digest ?? new Uint8Array());
      return join(nodeFolder(NODES[2]), 'blocks', ...blockPath(cid));
    };
    expect(await holds(NODES[2])).toBe(true);
    await writeFile(pathOf(2), 'not challenged');
    expect(await holds(NODES[2])).toBe(true);
    await writeFile(pathOf(1), flipped(upload.blocks[1] ?? new Uint8Array(), 77));
    expect(await holds(NODES[2])).toBe(false);
    await rm(pathOf(1));
    expect(await holds(NODES[2])).toBeUndefined();
    expect(await holds(NODES[0])).toBe(true);
  });

  it('reads any range of any part, and refuses one that is outside', async () => {
    const upload = await sealUpload(ann, manyBytes(150_000, 13));
    const { uploadId } = await bring(provider, upload);
    await provider.accept(uploadId, upload.acceptance);
    const file = { fileId: upload.request.fileId } as FileRecord;
    const { paddedSize } = upload.file;
    const parts = {
      content: upload.content.slice(0, paddedSize),
      manifest: upload.content.slice(paddedSize),
      tags: upload.tags,
      card: upload.card,
    };
    const question = fc.record({
      part: fc.constantFrom(...(Object.keys(parts) as (keyof typeof parts)[])),
      a: fc.double({ min: 0, max: 1, noNaN: true }),
      b: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(question, async ({ part, a, b }) => {
        const whole = parts[part];
        const [start = 0, end = 0] = [a, b]
          .map((at) => Math.floor(at * whole.length))
          .toSorted(ascending);
        const { size, bytes } = await provider.read(file, part, { start, end });
        expect(size).toBe(whole.length);
        expect(equalBytes(await joined(bytes), whole.slice(start, end))).toBe(true);
      }),
      RUNS,
    );
    for (const range of [
      { start: 0, end: paddedSize + 1 },
      { start: 5, end: 4 },
      { start: -1, end: 4 },
    ]) {
      await expect(provider.read(file, 'content', range)).rejects.toEqual(refused('INPUT_INVALID'));
    }
  });

  it('takes several uploads at once, equal ones among them', async () => {
    const uploads = [
      await sealUpload(ann, manyBytes(300_000, 14)),
      await sealUpload(ann, manyBytes(300_000, 14)),
      await sealUpload(ann, manyBytes(300_000, 15)),
    ];
    const answers = await Promise.all(
      uploads.map(async (upload) => {
        const { uploadId } = await bring(provider, upload);
        return provider.accept(uploadId, upload.acceptance);
      }),
    );
    expect(answers.map(({ cid }) => cid)).toEqual(uploads.map(({ file }) => file.cid.toString()));
  });

  it('ends an upload that is given up, with its bytes, but none that it has signed for', async () => {
    const [given, signed] = [
      await sealUpload(ann, manyBytes(150_000, 11)),
      await sealUpload(ann, manyBytes(150_000, 12)),
    ];
    for (const upload of [given, signed]) await bring(provider, upload);
    await provider.accept(signed.request.fileId, signed.acceptance);
    const path = (upload: SealedUpload) => {
      const cid = blockCid(upload.file.blocks[0]?.digest ?? new Uint8Array());
      return join(nodeFolder(NODES[0]), 'blocks', ...blockPath(cid));
    };
    expect((await stat(path(given))).size).toBe(65_536);
    await provider.drop(given.request.fileId);
    await expect(stat(path(given))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(provider.upload(given.request.fileId)).rejects.toEqual(refused('NOT_FOUND'));
    await expect(provider.drop(signed.request.fileId)).rejects.toEqual(refused('ALREADY_EXISTS'));
    expect((await stat(path(signed))).size).toBe(65_536);
  });

  describe('with nodes down', () => {
    it('takes a file on the nodes that are left, and owes the other its copy', async () => {
      const upload = await sealUpload(ann, manyBytes(150_000, 8));
      await provider.tagKey(ann.tagKeyId, inChunks(ann.tableBytes));
      const { uploadId } = await provider.open(ann.ownerId, upload.request);
      await provider.write(uploadId, 'content', 0, inChunks(upload.content.slice(0, 70_000)));
      const away = nodeFolder(NODES[1]);
      await rename(away, `${away}.away`);
      await provider.write(uploadId, 'content', 70_000, inChunks(upload.content.slice(70_000)));
      await provider.write(uploadId, 'tags', 0, inChunks(upload.tags));
      await provider.write(uploadId, 'card', 0, inChunks(upload.card));
      const { nodes } = await provider.accept(uploadId, upload.acceptance);
      expect([...nodes].toSorted()).toEqual([NODES[0], NODES[2]]);
      await rename(`${away}.away`, away);
      const { fileId } = upload.request;
      expect(await provider.block(fileId, 2, NODES[1])).toBeUndefined();
      const stopping = new AbortController();
      const round = open.round(stopping.signal);
      await eventually(async () => (await provider.block(fileId, 2, NODES[1])) !== undefined);
      stopping.abort();
      await round.catch(() => undefined);
      for (const [uid, block] of upload.blocks.entries()) {
        const copy = await provider.block(fileId, uid, NODES[1]);
        expect(equalBytes(copy ?? new Uint8Array(), block)).toBe(true);
      }
    });

    it('takes none on fewer than the least replicas', async () => {
      const upload = await sealUpload(ann, manyBytes(150_000, 9));
      const { uploadId } = await bring(provider, upload);
      const away = [nodeFolder(NODES[0]), nodeFolder(NODES[1])];
      for (const folder of away) await rename(folder, `${folder}.away`);
      const { request } = await sealUpload(ann, manyBytes(10));
      await expect(provider.open(ann.ownerId, request)).rejects.toEqual(
        refused('STORAGE_UNREACHABLE'),
      );
      await expect(provider.accept(uploadId, upload.acceptance)).rejects.toEqual(
        refused('STORAGE_UNREACHABLE'),
      );
      for (const folder of away) await rename(`${folder}.away`, folder);
      expect(await provider.accept(uploadId, upload.acceptance)).toMatchObject({
        cid: upload.file.cid.toString(),
      });
    });
  });
});

const ascending = (a: number, b: number): number => a - b;

/** Polls until it holds; the test's own time limit ends it. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await nextTurn();
}
