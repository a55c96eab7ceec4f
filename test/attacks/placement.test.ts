/** A node that was not intact and leaves the placement; while it stays it answers next, see ledger-audits.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AuditedLedger, newAuditedLedger } from '../support/audited-files.ts';
import { NODES } from '../support/consortium.ts';
import { type HeldFile, newAnswer } from '../support/provider.ts';

describe('a node that was not intact', () => {
  let audited: AuditedLedger;
  let held: HeldFile;
  let named: string;
  const others = () => NODES.filter((node) => node !== named);

  beforeAll(async () => {
    audited = await newAuditedLedger();
    const { ledger, provider, ann } = audited;
    held = await audited.register(ann);
    const { fileId } = held.file;
    await ledger.advance(2);
    const epoch = ledger.epoch();
    await ledger.submit(provider, 'audits:concede', { fileId, epoch, now: epoch, uids: [0] });
    named = audited.dueOf(fileId).node ?? '';
  }, 30_000);
  afterAll(() => audited.ledger.close());

  const place = (nodes: string[]) =>
    audited.ledger.submit(audited.provider, 'files:place', { fileId: held.file.fileId, nodes });

  it('makes way for one that joins when it has left, and its blocks are proved all the same', async () => {
    const { ledger, provider } = audited;
    const [kept = '', added = ''] = others();
    await place([kept]).catch(() => undefined);
    await place([named, kept]);
    await place([kept, added]);
    expect(audited.dueOf(held.file.fileId)).toMatchObject({ node: added, uids: [0] });
    await ledger.advance();
    const answer = await newAnswer(ledger, [held], { epoch: ledger.epoch() });
    const { result } = await ledger.submit(provider, 'audits:answer', answer);
    expect(result.audits).toMatchObject([{ verdict: 'intact', node: added }]);
  });
});
