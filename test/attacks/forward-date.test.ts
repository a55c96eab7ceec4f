/** Constructions 0, row 7: an owner that dates its file far ahead so that its provider is silent at once. */
import { expect, it } from '@jest/globals';
import { newAuditedLedger } from '../support/audited-files.ts';
import { CONFIG } from '../support/consortium.ts';
import { newTestFile } from '../support/owner-of-files.ts';
import { newAnswer } from '../support/provider.ts';

it.each([0, Number.MAX_SAFE_INTEGER])(
  'a file tagged at %d ms is answered in as many epochs as any other',
  async (taggedAt) => {
    const { ledger, provider, ann } = await newAuditedLedger();
    const file = await newTestFile(ann, { epoch: ledger.epoch(), version: { taggedAt } });
    await ledger.submit(ann.identity, 'files:register', file.registration);
    const { fileId } = file;
    await ledger.advance(2);
    const epoch = ledger.epoch();
    await ledger.advance(CONFIG.answerWindow - 1);
    const miss = { fileId, epoch, now: ledger.epoch() };
    expect((await ledger.refusal(ann.identity, 'audits:miss', miss)).code).toBe('NOT_DUE');
    const answer = await newAnswer(ledger, [{ owner: ann, file }], { epoch });
    const { result } = await ledger.submit(provider, 'audits:answer', answer);
    expect(result.audits).toMatchObject([{ verdict: 'intact', epoch }]);
    await ledger.close();
  },
);
