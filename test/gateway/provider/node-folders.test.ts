import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { equalBytes } from '@holdfast/protocol/bytes.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
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
import { joined, manyBytes } from '../../support/sealing.ts';

describe('provider: folders of nodes at a start', () => {
  let stage: ProviderStage;
  let ann: StageOwner;
  let upload: SealedUpload;
  const folder = (name: string) => join(stage.folder, 'nodes', name);
  const [first] = NODES;

  beforeAll(async () => {
    stage = await newProviderStage();
    ann = await stage.openOwner('ann');
    const { provider } = await stage.reopen();
    upload = await sealUpload(ann, manyBytes(150_000, 3));
    const state = await bring(provider, upload);
    const answer = await provider.accept(state.uploadId, upload.acceptance);
    await register(upload, state, answer, await stage.epoch());
  }, 60_000);
  afterAll(() => stage.close());

  it.each([false, true])(
    'that cannot be reached (or are none: %s) keep nobody else waiting, and are up again where they were',
    async (isOdd) => {
      await stage.end();
      await rename(folder(first), `${folder(first)}.away`);
      if (isOdd) await writeFile(folder(first), 'a file where a disk should be');
      const { provider } = await stage.reopen();
      const up = async () =>
        (await provider.nodes()).filter((node) => node.up).map(({ node }) => node);
      expect((await up()).toSorted()).toEqual([NODES[1], NODES[2]]);
      const { fileId } = upload.request;
      const { bytes } = await provider.read({ fileId } as FileRecord, 'content');
      const content = await joined(bytes);
      expect(equalBytes(content, upload.content.subarray(0, content.length))).toBe(true);
      const another = await sealUpload(ann, manyBytes(70_000, isOdd ? 4 : 5));
      const { uploadId, terms } = await bring(provider, another);
      expect(terms.nodes).not.toContain(first);
      await provider.drop(uploadId);
      await rm(folder(first), { force: true });
      await rename(`${folder(first)}.away`, folder(first));
      expect((await up()).toSorted()).toEqual([...NODES].toSorted());
      expect(await provider.block(fileId, 0, first)).toBeDefined();
    },
  );

  it('on a new disk are filled again', async () => {
    await stage.end();
    await rm(folder(first), { recursive: true });
    await mkdir(folder(first));
    const open = await stage.reopen();
    const { fileId } = upload.request;
    expect(await open.provider.block(fileId, 0, first)).toBeUndefined();
    const stopping = new AbortController();
    const round = open.round(stopping.signal);
    const pin = join(folder(first), 'pins', upload.file.cid.toString());
    while (!(await stat(pin).catch(() => undefined))) await nextTurn();
    stopping.abort();
    await round.catch(() => undefined);
    for (const [uid, block] of upload.blocks.entries()) {
      const copy = await open.provider.block(fileId, uid, first);
      expect(equalBytes(copy ?? new Uint8Array(), block)).toBe(true);
    }
  });
});
