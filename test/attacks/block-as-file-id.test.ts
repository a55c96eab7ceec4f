/** An owner that names its upload after a block: work on files and work on blocks must not wait for each other. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { onBlock } from '../../gateway/src/provider/block-store.ts';
import { type KeyedQueue, newKeyedQueue } from '../../gateway/src/provider/keyed-queue.ts';
import type { Provider } from '../../gateway/src/roles.ts';
import {
  bring,
  newProviderStage,
  sealUpload,
  type ProviderStage,
  type StageOwner,
} from '../support/provider-stage.ts';
import { manyBytes } from '../support/sealing.ts';

describe('an upload under the digest of a block', () => {
  let stage: ProviderStage;
  let mallory: StageOwner;
  let victim: StageOwner;
  let provider: Provider;

  beforeAll(async () => {
    stage = await newProviderStage();
    mallory = await stage.openOwner('mallory');
    victim = await stage.openOwner('victim');
    ({ provider } = await stage.reopen());
  }, 60_000);
  afterAll(() => stage.close());

  it('takes its block, hinders nobody else who has the same one, and is never signed for', async () => {
    const content = manyBytes(150_000, 77);
    const theirs = await sealUpload(victim, content);
    const own = await sealUpload(mallory, content);
    const digest = hex(own.file.blocks[0]?.digest ?? new Uint8Array());
    expect(hex(theirs.file.blocks[0]?.digest ?? new Uint8Array())).toBe(digest);
    const upload = { ...own, request: { ...own.request, fileId: digest } };
    await bring(provider, upload);
    const { uploadId } = await bring(provider, theirs);
    const { cid } = await provider.accept(uploadId, theirs.acceptance);
    expect(cid).toBe(theirs.file.cid.toString());
    await expect(provider.accept(digest, own.acceptance)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    await provider.drop(digest);
  }, 30_000);

  it('would wait for itself for ever, were blocks and files in one queue', async () => {
    const name = 'ab'.repeat(32);
    const inFile = async (work: (exclusive: KeyedQueue) => Promise<void>): Promise<boolean> => {
      const exclusive = newKeyedQueue();
      let isDone = false;
      void exclusive(name, () => work(exclusive)).then(() => (isDone = true));
      for (let turn = 0; turn < 10; turn++) await nextTurn();
      return isDone;
    };
    expect(await inFile((exclusive) => exclusive(name, async () => undefined))).toBe(false);
    expect(await inFile((exclusive) => onBlock({ exclusive }, name, async () => undefined))).toBe(
      true,
    );
  });
});
