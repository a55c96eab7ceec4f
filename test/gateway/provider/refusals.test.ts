/** What a provider refuses of an upload and of a question, by whom it is unanswered, and what stays as it was. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { CARD_BYTES } from '@holdfast/protocol/card.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { Provider } from '../../../gateway/src/roles.ts';
import { NODES } from '../../support/consortium.ts';
import {
  bring,
  newProviderStage,
  sealUpload,
  type ProviderStage,
  type SealedUpload,
  type StageOwner,
} from '../../support/provider-stage.ts';
import { inChunks, joined, manyBytes } from '../../support/sealing.ts';

const refused = (code: string) => expect.objectContaining({ code });

let stage: ProviderStage;
let ann: StageOwner;
let provider: Provider;
beforeAll(async () => {
  // one epoch a day: terms hold for one epoch
  stage = await newProviderStage({ slotSeconds: 86_400 });
  ann = await stage.openOwner('ann');
}, 120_000);
afterAll(() => stage.close());
beforeEach(async () => {
  ({ provider } = await stage.reopen());
});

let seed = 100;
const sealed = (size = 150_000): Promise<SealedUpload> => sealUpload(ann, manyBytes(size, ++seed));

/** Content is there, tags and card are not. */
async function begun(): Promise<SealedUpload & { readonly uploadId: string }> {
  const upload = await sealed();
  await provider.tagKey(ann.tagKeyId, inChunks(ann.tableBytes));
  const { uploadId } = await provider.open(ann.ownerId, upload.request);
  await provider.write(uploadId, 'content', 0, inChunks(upload.content));
  return { ...upload, uploadId };
}

describe('the tags of an upload', () => {
  it('may come in parts, each where the one before ended, or begin anew', async () => {
    const { uploadId, tags, card, acceptance, request } = await begun();
    const write = (offset: number, bytes: Uint8Array) =>
      provider.write(uploadId, 'tags', offset, inChunks(bytes));
    expect(await write(0, tags.slice(0, 50))).toBe(50);
    await expect(write(49, tags.slice(49))).rejects.toEqual(refused('CONFLICT'));
    expect(await write(50, tags.slice(50, 90))).toBe(90);
    expect(await write(0, tags.slice(0, 48))).toBe(48);
    expect(await write(48, tags.slice(48))).toBe(tags.length);
    await provider.write(uploadId, 'card', 0, inChunks(card));
    await provider.accept(uploadId, acceptance);
    const { bytes } = await provider.read({ fileId: request.fileId } as FileRecord, 'tags');
    expect(hex(await joined(bytes))).toBe(hex(tags));
  });

  it('are no more than one for each block', async () => {
    const { uploadId, tags } = await begun();
    const more = inChunks(Uint8Array.of(...tags, 0));
    await expect(provider.write(uploadId, 'tags', 0, more)).rejects.toEqual(refused('TOO_LARGE'));
  });
});

describe('the card of an upload', () => {
  it.each([0, CARD_BYTES - 1, CARD_BYTES + 1, 10 * CARD_BYTES])(
    'is not one of %i bytes',
    async (length) => {
      const { uploadId } = await begun();
      const card = inChunks(new Uint8Array(length));
      await expect(provider.write(uploadId, 'card', 0, card)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        detail: `a card has ${CARD_BYTES} bytes`,
      });
    },
  );
});

describe('an upload that is accepted', () => {
  it('takes no further byte, and counts as a file of its nodes', async () => {
    const before = await provider.nodes();
    const upload = await sealed();
    const { uploadId } = await bring(provider, upload);
    expect(await provider.nodes()).toMatchObject(before.map(({ files }) => ({ files })));
    await provider.accept(uploadId, upload.acceptance);
    const after = await provider.nodes();
    expect(after.map(({ node }) => node)).toEqual([...NODES]);
    expect(after.map(({ files }) => files)).toEqual(before.map(({ files }) => files + 1));
    for (const part of ['content', 'tags', 'card'] as const) {
      const late = provider.write(uploadId, part, 0, inChunks(new Uint8Array(1)));
      await expect(late).rejects.toEqual(refused('ALREADY_EXISTS'));
    }
  });
});

describe('a question about a file', () => {
  it('has no answer before it is accepted', async () => {
    const { uploadId, request } = await begun();
    const file = { fileId: request.fileId } as FileRecord;
    await expect(provider.read(file, 'content')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      detail: `file ${uploadId} is still being uploaded`,
    });
  });

  it('is refused where it names a block or a node that is none', async () => {
    const upload = await sealed();
    const { uploadId } = await bring(provider, upload);
    await provider.accept(uploadId, upload.acceptance);
    const { fileId } = upload.request;
    const count = upload.blocks.length;
    for (const uid of [-1, count]) {
      await expect(provider.block(fileId, uid, NODES[0])).rejects.toMatchObject({
        code: 'NOT_FOUND',
        detail: `the file has no block ${uid}`,
      });
    }
    await expect(provider.block(fileId, 0, 'birch-9')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      detail: 'no storage node birch-9',
    });
  });

  it('is not called lost while a node is down that may have it', async () => {
    const upload = await sealed();
    const { uploadId } = await bring(provider, upload);
    await provider.accept(uploadId, upload.acceptance);
    const folders = NODES.map((node) => join(stage.folder, 'nodes', node));
    for (const folder of folders) await rename(folder, `${folder}.away`);
    try {
      const { bytes } = await provider.read({ fileId: uploadId } as FileRecord, 'content');
      await expect(joined(bytes)).rejects.toMatchObject({
        code: 'STORAGE_UNREACHABLE',
        detail: 'block 0: not all nodes answer',
      });
    } finally {
      for (const folder of folders) await rename(`${folder}.away`, folder);
    }
  });
});

describe('an acceptance', () => {
  it('is not signed once the terms are over', async () => {
    const upload = await sealed();
    const { uploadId, terms } = await bring(provider, upload);
    const epoch = await stage.advance(2);
    expect(epoch).toBeGreaterThan(terms.expiryEpoch);
    await expect(provider.accept(uploadId, upload.acceptance)).rejects.toMatchObject({
      code: 'EPOCH_PASSED',
      detail: `the terms held until ${terms.expiryEpoch}`,
    });
  });
});
