/** Owners whose uploads never end: the provider's loop must not wait for them, or every other owner's audit is missed. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newKeyedQueue } from '../../gateway/src/provider/keyed-queue.ts';
import type { OpenProvider } from '../../gateway/src/provider/open-provider.ts';
import { CONFIG } from '../support/consortium.ts';
import {
  bring,
  newProviderStage,
  register,
  sealUpload,
  type ProviderStage,
  type SealedUpload,
  type StageOwner,
} from '../support/provider-stage.ts';
import { inChunks, manyBytes } from '../support/sealing.ts';

/** Two owners' keys and several epochs, on a machine that has other things to do. */
const PATIENCE_MS = 40_000;

describe('a body that trickles in for ever', () => {
  let stage: ProviderStage;
  let open: OpenProvider;
  let ann: StageOwner;
  let endBody: () => void;
  let held: Promise<unknown>;

  beforeEach(async () => {
    // One epoch a day: terms hold for one epoch.
    stage = await newProviderStage({ slotSeconds: 86_400 });
    open = await stage.reopen();
    ann = await stage.openOwner('ann');
  }, PATIENCE_MS);
  afterEach(async () => {
    endBody();
    await held;
    await stage.close();
  });

  /** Leaves a part of an upload open: bytes that have not come yet. */
  async function trickle({ request, owner }: SealedUpload): Promise<void> {
    const body = new Promise<void>((resolve) => (endBody = resolve));
    async function* source(): AsyncGenerator<Uint8Array> {
      yield Uint8Array.of(1);
      await body;
    }
    await open.provider.tagKey(owner.tagKeyId, inChunks(owner.tableBytes));
    await open.provider.open(owner.ownerId, request);
    held = open.provider.write(request.fileId, 'content', 0, source());
    held.catch(() => undefined);
  }

  async function stored(plaintext: Uint8Array): Promise<string> {
    const upload = await sealUpload(ann, plaintext);
    const state = await bring(open.provider, upload);
    const answer = await open.provider.accept(state.uploadId, upload.acceptance);
    await register(upload, state, answer, await stage.epoch());
    return upload.request.fileId;
  }

  const isProved = async (fileId: string): Promise<boolean> => {
    const { items } = await ann.session.evaluate(
      'audits:ofFile',
      { fileId },
      AbortSignal.timeout(PATIENCE_MS),
    );
    return items.some(({ verdict }) => verdict === 'intact');
  };

  it(
    'in an upload whose terms have expired does not keep other files from being proved',
    async () => {
      const fileId = await stored(manyBytes(70_000, 1));
      const expired = await sealUpload(ann, manyBytes(70_000, 2));
      await trickle(expired);
      await stage.advance(CONFIG.answerWindow + 2);
      const stopping = new AbortController();
      const going = open.round(stopping.signal);
      while (!(await isProved(fileId))) await nextTurn();
      expect((await open.provider.upload(expired.request.fileId)).offset).toBe(0);
      stopping.abort();
      await going.catch(() => undefined);
    },
    PATIENCE_MS,
  );

  it('would hold up whoever waits for the file in its queue, as the control shows', async () => {
    const exclusive = newKeyedQueue();
    let hasBegun = false;
    const body = new Promise<void>((resolve) => (endBody = resolve));
    held = exclusive('file', () => body);
    const waiting = exclusive('file', async () => (hasBegun = true));
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect([hasBegun, exclusive.isFree('file'), exclusive.isFree('other')]).toEqual([
      false,
      false,
      true,
    ]);
    endBody();
    await waiting;
    expect([hasBegun, exclusive.isFree('file')]).toEqual([true, true]);
  });
});
