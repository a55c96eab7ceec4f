import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  bring,
  newProviderStage,
  register,
  sealUpload,
  type ProviderStage,
  type SealedUpload,
  type StageOwner,
} from '../../support/provider-stage.ts';
import { manyBytes } from '../../support/sealing.ts';

describe('provider: an answer that owners overtake', () => {
  const { signal } = new AbortController();
  const stopping = new AbortController();
  let stage: ProviderStage;
  let ann: StageOwner;
  let bob: StageOwner;
  let round: Promise<void> | undefined;

  beforeAll(async () => {
    stage = await newProviderStage();
    [ann, bob] = [await stage.openOwner('ann'), await stage.openOwner('bob')];
  }, 60_000);
  afterAll(async () => {
    stopping.abort();
    await round?.catch(() => undefined);
    await stage.close();
  });

  const ask = async ({ owner, request: { fileId } }: SealedUpload) => {
    const args = { fileId, epoch: await stage.epoch(), node: null, blocks: null, lane: 0 };
    await owner.session.submit('files:ask', args, signal);
  };
  const retire = ({ owner, request: { fileId } }: SealedUpload) =>
    owner.session.submit('files:retire', { fileId, lane: 0 }, signal);

  it('is given again in the same epoch, for the one who asked and for all others', async () => {
    const { provider, round: follow } = await stage.reopen();
    const stored = async (owner: StageOwner, content: number) => {
      const upload = await sealUpload(owner, manyBytes(100_000, content));
      const state = await bring(provider, upload);
      const answer = await provider.accept(state.uploadId, upload.acceptance);
      await register(upload, state, answer, await stage.epoch());
      return upload;
    };
    const [asked, other, retired] = [
      await stored(ann, 1),
      await stored(bob, 2),
      await stored(bob, 3),
    ];
    let overtaken = 0;
    stage.overtake(async () => {
      await ask(asked);
      await retire(retired);
      overtaken = await stage.epoch();
    });
    round = follow(stopping.signal);
    const epoch = await stage.advance(2);
    const answered: { readonly fileId: string }[] = [];
    for await (const { name, payload } of stage.ledger.events(undefined, signal)) {
      if (name === 'AuditsAnswered') answered.push(...payload.audits);
      if (answered.length === 2) break;
    }
    expect(overtaken).toBe(epoch);
    const ids = [asked, other].map(({ request }) => request.fileId).toSorted();
    const intact = { epoch, now: epoch, verdict: 'intact' };
    const sorted = answered.toSorted((a, b) => (a.fileId < b.fileId ? -1 : 1));
    expect(sorted).toMatchObject(ids.map((fileId) => ({ ...intact, fileId })));
  }, 60_000);
});
