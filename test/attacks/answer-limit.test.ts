/** Attacks by the limit of what one answer may sample: `answerBlocks`, which a consortium can lower while challenges are open. */
import { afterEach } from '@jest/globals';
import { attack, failure, outcomeOf } from '../support/attack.ts';
import type { LedgerStage } from '../support/attack-ledger.ts';
import { closeLedgers, newLedgerStage } from '../support/attack-stages.ts';
import { CONFIG } from '../support/consortium.ts';
import { newAnswer } from '../support/provider.ts';

afterEach(closeLedgers);

const LIMIT = 'blocks <= most || named === 1,';

const limited = (to: string) =>
  newLedgerStage([{ file: 'chaincode/src/audits-contract.ts', from: LIMIT, to }]);

/** Two files of an owner, challenged; then a majority of operators lowers the limit to one block. */
async function lowered(stage: LedgerStage) {
  const { ledger } = stage;
  const ann = await stage.openOwner('ann');
  const held = [await stage.register(ann), await stage.register(ann)] as const;
  await ledger.advance(2);
  const config = { ...CONFIG, version: 2, answerBlocks: 1 };
  for (const mspId of ['Alder', 'Birch']) {
    await ledger.submit(await ledger.as(mspId, 'operator'), 'accounts:configure', { config });
  }
  return { ann, held, epoch: ledger.epoch() };
}

attack({
  id: 'T31',
  attack: 'a consortium lowers what an answer may sample, and its honest provider is convicted',
  defence: 'one file alone can always be proved',
  defended: () => newLedgerStage(),
  undefended: () => limited('blocks <= most,'),
  async run(stage) {
    const { ledger } = stage;
    const { ann, held, epoch } = await lowered(stage);
    const [file] = held;
    const args = await newAnswer(ledger, [file], { epoch });
    const code = await stage.refusalOf(stage.provider, 'audits:answer', args);
    if (code === undefined) return failure('proved: intact');
    await ledger.advance(CONFIG.answerWindow);
    const miss = { fileId: file.file.fileId, epoch, now: ledger.epoch() };
    const { verdict } = (await ledger.submit(ann.identity, 'audits:miss', miss)).result.audit;
    return outcomeOf(verdict === 'unanswered', `${code}; provider convicted`, verdict);
  },
});

attack({
  id: 'T34',
  attack: 'an answer has every endorser compute for as long as its sender likes',
  defence: 'a limit to what the files of one answer sample together',
  defended: () => newLedgerStage(),
  undefended: () => limited('blocks > 0,'),
  async run(stage) {
    const { held, epoch } = await lowered(stage);
    const both = await newAnswer(stage.ledger, held, { epoch });
    const code = await stage.refusalOf(stage.provider, 'audits:answer', both);
    const sampled = held.reduce((sum, { file }) => sum + file.blocks.length, 0);
    return outcomeOf(code === undefined, `${sampled} blocks computed, limit 1`, String(code));
  },
});
