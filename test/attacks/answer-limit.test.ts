/** A consortium that lowers `answerBlocks`: what a file's own challenge samples must stay answerable, or its provider is framed. */
import { describe, expect, it } from '@jest/globals';
import { CONFIG } from '../support/consortium.ts';
import { newBornLedger } from '../support/born-ledger.ts';
import { newTestFile } from '../support/owner-of-files.ts';
import { newAnswer } from '../support/provider.ts';

describe('a limit that is lowered while a challenge is open', () => {
  it('lets the file still be proved alone, and no two of them in one answer', async () => {
    const ledger = await newBornLedger();
    const provider = await ledger.as('Birch', 'provider');
    const ann = await ledger.openOwner('ann');
    const register = async () => {
      const file = await newTestFile(ann, { epoch: ledger.epoch() });
      await ledger.submit(ann.identity, 'files:register', file.registration);
      return { owner: ann, file };
    };
    const held = [await register(), await register()];
    await ledger.advance(2);
    const config = { ...CONFIG, version: 2, answerBlocks: 1 };
    for (const mspId of ['Alder', 'Birch']) {
      await ledger.submit(await ledger.as(mspId, 'operator'), 'accounts:configure', { config });
    }
    const epoch = ledger.epoch();
    const both = await newAnswer(ledger, held, { epoch });
    expect((await ledger.refusal(provider, 'audits:answer', both)).code).toBe('TOO_LARGE');
    for (const one of held) {
      const args = await newAnswer(ledger, [one], { epoch });
      const { result } = await ledger.submit(provider, 'audits:answer', args);
      expect(result.audits.map(({ verdict, sampled }) => [verdict, sampled])).toEqual([
        ['intact', one.file.blocks.length],
      ]);
    }
    await ledger.close();
  });
});
