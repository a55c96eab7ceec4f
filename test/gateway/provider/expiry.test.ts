import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CONFIG, NODES } from '../../support/consortium.ts';
import { bring, newProviderStage, register, sealUpload } from '../../support/provider-stage.ts';
import { untilRefused } from '../../support/refusal.ts';
import { manyBytes } from '../../support/sealing.ts';

/** Two owners' keys and several epochs, on a machine that has other things to do. */
const PATIENCE_MS = 40_000;

describe('provider: uploads that are not registered', () => {
  it(
    'are dropped after their terms and the grace period, registered ones are not',
    async () => {
      // One epoch a day: terms hold for one epoch.
      const stage = await newProviderStage({ slotSeconds: 86_400 });
      try {
        const { provider, round } = await stage.reopen();
        const ann = await stage.openOwner('ann');
        const [kept, left, begun] = [
          await sealUpload(ann, manyBytes(70_000, 1)),
          await sealUpload(ann, manyBytes(70_000, 2)),
          await sealUpload(ann, manyBytes(70_000, 3)),
        ];
        for (const upload of [kept, left]) {
          const state = await bring(provider, upload);
          const answer = await provider.accept(state.uploadId, upload.acceptance);
          if (upload === kept) await register(kept, state, answer, await stage.epoch());
        }
        await bring(provider, begun);
        const epoch = await stage.advance(CONFIG.answerWindow + 2);
        const stopping = new AbortController();
        const going = round(stopping.signal);
        for (const { request } of [left, begun]) {
          await expect(untilRefused(() => provider.upload(request.fileId))).resolves.toMatchObject({
            code: 'NOT_FOUND',
          });
        }
        expect(await provider.upload(kept.request.fileId)).toMatchObject({
          offset: kept.content.length,
        });
        expect(epoch).toBe(CONFIG.answerWindow + 2);
        stopping.abort();
        await going.catch(() => undefined);
        for (const node of NODES) {
          const pins = await readdir(join(stage.folder, 'nodes', node, 'pins'));
          expect(pins).toContain(kept.file.cid.toString());
          expect(pins).toHaveLength(2);
        }
      } finally {
        await stage.close();
      }
    },
    PATIENCE_MS,
  );
});
