import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { concat, equalBytes, fromBase64url, hex } from '@holdfast/protocol/bytes.js';
import { fileDag } from '@holdfast/protocol/file-cid.js';
import { anchor } from '@holdfast/protocol/ids.js';
import { decodeLeaves } from '@holdfast/protocol/leaf-list.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { Provider, StoredPart } from '../../../gateway/src/roles.ts';
import { NODES } from '../../support/consortium.ts';
import {
  bring,
  newProviderStage,
  register,
  sealUpload,
  type ProviderStage,
  type SealedUpload,
  type StageOwner,
} from '../../support/provider-stage.ts';
import { inChunks, joined, manyBytes } from '../../support/sealing.ts';
import { flipped } from '../../support/tamper.ts';

const refused = (code: string, pointer?: string) =>
  expect.objectContaining(pointer === undefined ? { code } : { code, pointer });

/** Yields the bytes, then fails, as a connection that breaks off. */
async function* brokenOff(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* inChunks(bytes);
  throw new Error('broken off');
}

describe('provider: uploads', () => {
  let stage: ProviderStage;
  let ann: StageOwner;
  let bob: StageOwner;
  let provider: Provider;

  beforeAll(async () => {
    stage = await newProviderStage();
    [ann, bob] = [await stage.openOwner('ann'), await stage.openOwner('bob')];
  }, 60_000);
  afterAll(() => stage.close());
  beforeEach(async () => {
    ({ provider } = await stage.reopen());
  });

  const read = async (upload: SealedUpload, part: StoredPart) => {
    const { bytes } = await provider.read({ fileId: upload.request.fileId } as FileRecord, part);
    return joined(bytes);
  };

  it.each([
    ['of 0 bytes', 0],
    ['of 1 byte', 1],
    ['of one block', 65_536],
    ['of several blocks, the last one short', 400_000],
  ])('takes a file %s, and hands it out as it came', async (_, size) => {
    const upload = await sealUpload(ann, manyBytes(size));
    const state = await bring(provider, upload);
    const answer = await provider.accept(state.uploadId, upload.acceptance);
    expect(answer.cid).toBe(fileDag(upload.file.blocks).cid.toString());
    const salt = fromBase64url(upload.acceptance.salt);
    expect(answer.anchor).toBe(hex(anchor(salt, upload.file.cid.bytes)));
    expect([...answer.nodes].toSorted()).toEqual([...NODES]);
    const { paddedSize } = upload.file;
    const content = concat(await read(upload, 'content'), await read(upload, 'manifest'));
    expect(equalBytes(content, upload.content)).toBe(true);
    expect((await read(upload, 'content')).length).toBe(paddedSize);
    expect(await read(upload, 'tags')).toEqual(upload.tags);
    expect(await read(upload, 'card')).toEqual(upload.card);
    expect(decodeLeaves(await read(upload, 'leaves'))).toEqual(
      upload.file.blocks.map(({ length, digest }, uid) => ({ uid, length, digest })),
    );
  });

  it('signs what the ledger takes: the file can be registered', async () => {
    const upload = await sealUpload(ann, manyBytes(70_000, 2));
    const state = await bring(provider, upload);
    const answer = await provider.accept(state.uploadId, upload.acceptance);
    await register(upload, state, answer, await stage.epoch());
    const signal = new AbortController().signal;
    const { fileId } = upload.request;
    const { file, placement } = await ann.session.evaluate('files:get', { fileId }, signal);
    expect(file).toMatchObject({ anchor: answer.anchor, acceptance: answer.acceptance });
    expect(placement).toEqual({ nodes: state.terms.nodes });
  });

  it('gives the same answer to the same request, also after a restart, and refuses another', async () => {
    const upload = await sealUpload(ann, manyBytes(1000));
    const state = await bring(provider, upload);
    const answer = await provider.accept(state.uploadId, upload.acceptance);
    ({ provider } = await stage.reopen());
    expect(await provider.accept(state.uploadId, upload.acceptance)).toEqual(answer);
    const other = { ...upload.acceptance, nonce: 'A'.repeat(22) };
    await expect(provider.accept(state.uploadId, other)).rejects.toEqual(refused('ALREADY_EXISTS'));
  });

  describe('resumed', () => {
    // 400,000 bytes: six whole blocks, a short one, then the manifest in a block of its own.
    it.each([
      ['inside the first block', 100],
      ['at the end of a block', 65_536],
      ['inside a later block', 3 * 65_536 + 17],
      ['where the ciphertext ends', -1],
      ['inside the manifest', -2],
    ])('%s, after a restart, it ends as if it had come at once', async (_, at) => {
      const upload = await sealUpload(ann, manyBytes(400_000, 3));
      const { content, file } = upload;
      const cut = [0, file.paddedSize, file.paddedSize + 5][-at] ?? at;
      await provider.tagKey(ann.tagKeyId, inChunks(ann.tableBytes));
      const { uploadId } = await provider.open(ann.ownerId, upload.request);
      expect(await provider.write(uploadId, 'content', 0, inChunks(content.slice(0, cut)))).toBe(
        cut,
      );
      ({ provider } = await stage.reopen());
      expect(await provider.upload(uploadId)).toMatchObject({ offset: cut });
      const rest = inChunks(content.slice(cut), [1000, 70_000]);
      expect(await provider.write(uploadId, 'content', cut, rest)).toBe(content.length);
      await provider.write(uploadId, 'tags', 0, inChunks(upload.tags));
      await provider.write(uploadId, 'card', 0, inChunks(upload.card));
      const { cid } = await provider.accept(uploadId, upload.acceptance);
      expect(cid).toBe(upload.file.cid.toString());
    });

    it('takes nothing of a part that breaks off, and nothing at another offset', async () => {
      const upload = await sealUpload(ann, manyBytes(200_000, 4));
      await provider.tagKey(ann.tagKeyId, inChunks(ann.tableBytes));
      const { uploadId } = await provider.open(ann.ownerId, upload.request);
      await provider.write(uploadId, 'content', 0, inChunks(upload.content.slice(0, 70_000)));
      const wrong = flipped(upload.content, 3).slice(70_000, 180_000);
      await expect(provider.write(uploadId, 'content', 70_000, brokenOff(wrong))).rejects.toThrow(
        'broken off',
      );
      expect(await provider.upload(uploadId)).toMatchObject({ offset: 70_000 });
      for (const offset of [0, 69_999, 70_001]) {
        await expect(
          provider.write(uploadId, 'content', offset, inChunks(upload.content)),
        ).rejects.toEqual(refused('CONFLICT'));
      }
      const tooLong = inChunks(upload.content);
      await expect(provider.write(uploadId, 'content', 70_000, tooLong)).rejects.toEqual(
        refused('TOO_LARGE'),
      );
      const rest = inChunks(upload.content.slice(70_000));
      await provider.write(uploadId, 'content', 70_000, rest);
      await expect(
        provider.write(uploadId, 'tags', 0, brokenOff(upload.tags.slice(0, 100))),
      ).rejects.toThrow('broken off');
      await provider.write(uploadId, 'tags', 0, inChunks(upload.tags));
      await provider.write(uploadId, 'card', 0, inChunks(upload.card));
      const { cid } = await provider.accept(uploadId, upload.acceptance);
      expect(cid).toBe(upload.file.cid.toString());
    });
  });

  describe('refuses', () => {
    const changed: readonly [string, (upload: SealedUpload) => SealedUpload, unknown][] = [
      [
        'a tag with a flipped bit',
        (u) => ({ ...u, tags: flipped(u.tags, 48 * 8 - 1) }),
        refused('TAG_INVALID'),
      ],
      [
        'tags in another order',
        (u) => ({
          ...u,
          tags: Uint8Array.of(...u.tags.slice(48, 96), ...u.tags.slice(0, 48), ...u.tags.slice(96)),
        }),
        refused('TAG_INVALID'),
      ],
      [
        'tags made with another nonce',
        (u) => ({ ...u, acceptance: { ...u.acceptance, nonce: 'A'.repeat(22) } }),
        refused('TAG_INVALID'),
      ],
      [
        'ciphertext with a flipped bit: another root',
        (u) => ({ ...u, content: flipped(u.content, 999) }),
        refused('INPUT_INVALID', '/root'),
      ],
      [
        'another salt',
        (u) => ({ ...u, acceptance: { ...u.acceptance, salt: 'A'.repeat(43) } }),
        refused('INPUT_INVALID', '/root'),
      ],
      [
        "a nonce that does not give the file's id",
        (u) => ({ ...u, acceptance: { ...u.acceptance, fileNonce: 'A'.repeat(43) } }),
        refused('INPUT_INVALID', '/fileNonce'),
      ],
    ];

    it.each(changed)('%s', async (_, change, refusal) => {
      const upload = change(await sealUpload(ann, manyBytes(100_000, 5)));
      const { uploadId } = await bring(provider, upload);
      await expect(provider.accept(uploadId, upload.acceptance)).rejects.toEqual(refusal);
    });

    it('to sign before every part has come', async () => {
      const upload = await sealUpload(ann, manyBytes(100_000, 6));
      await provider.tagKey(ann.tagKeyId, inChunks(ann.tableBytes));
      const { uploadId } = await provider.open(ann.ownerId, upload.request);
      const accept = () => provider.accept(uploadId, upload.acceptance);
      await expect(accept()).rejects.toEqual(refused('INPUT_INVALID'));
      await provider.write(uploadId, 'content', 0, inChunks(upload.content.slice(0, -1)));
      await provider.write(uploadId, 'tags', 0, inChunks(upload.tags));
      await provider.write(uploadId, 'card', 0, inChunks(upload.card));
      await expect(accept()).rejects.toEqual(refused('INPUT_INVALID'));
      const last = upload.content.length - 1;
      await provider.write(uploadId, 'content', last, inChunks(upload.content.slice(last)));
      expect((await accept()).cid).toBe(upload.file.cid.toString());
    });

    it('terms that do not fit: sizes, padding, keys of others, ids that are taken', async () => {
      const { request } = await sealUpload(ann, manyBytes(100_000, 7));
      await provider.tagKey(ann.tagKeyId, inChunks(ann.tableBytes));
      const cases = [
        [{ ...request, paddedSize: 100_001 }, refused('INPUT_INVALID', '/paddedSize')],
        [{ ...request, padding: false }, refused('INPUT_INVALID', '/padding')],
        [{ ...request, blockSize: 262_144 }, refused('INPUT_INVALID', '/blockSize')],
        [{ ...request, tagKeyId: bob.tagKeyId }, refused('NOT_ALLOWED')],
        [{ ...request, tagKeyId: '0'.repeat(64) }, refused('NOT_FOUND')],
        [{ ...request, paddedSize: 2 ** 46 }, refused('STORE_FULL')],
      ] as const;
      for (const [wrong, refusal] of cases) {
        await expect(provider.open(ann.ownerId, { ...wrong })).rejects.toEqual(refusal);
      }
      const state = await provider.open(ann.ownerId, request);
      expect(await provider.open(ann.ownerId, request)).toEqual(state);
      const other = { ...request, taggedAt: 1 };
      await expect(provider.open(ann.ownerId, other)).rejects.toEqual(refused('ALREADY_EXISTS'));
      await expect(provider.open(bob.ownerId, request)).rejects.toEqual(refused('ALREADY_EXISTS'));
    });

    it('a table that is not the one on the ledger, and an upload before its table', async () => {
      const fresh = await stage.openOwner('carl');
      const { request } = await sealUpload(fresh, manyBytes(10));
      await expect(provider.open(fresh.ownerId, request)).rejects.toEqual(refused('NOT_FOUND'));
      const { tableBytes, tagKeyId } = fresh;
      for (const table of [flipped(tableBytes, 99), tableBytes.slice(48), ann.tableBytes]) {
        await expect(provider.tagKey(tagKeyId, inChunks(table))).rejects.toEqual(
          refused('KEY_INVALID'),
        );
      }
      await provider.tagKey(tagKeyId, inChunks(tableBytes));
      await provider.tagKey(tagKeyId, inChunks(tableBytes));
      expect(await provider.open(fresh.ownerId, request)).toMatchObject({ offset: 0 });
    });
  });
});
