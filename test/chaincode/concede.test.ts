/** What `audits:concede` takes, and what it refuses. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Args } from '@holdfast/protocol/ledger-transactions.js';
import { type AuditedLedger, newAuditedLedger } from '../support/audited-files.ts';
import { type HeldFile, newAnswer } from '../support/provider.ts';

let audited: AuditedLedger;
let ledger: AuditedLedger['ledger'];
let provider: AuditedLedger['provider'];
let ann: AuditedLedger['ann'];

beforeAll(async () => {
  audited = await newAuditedLedger();
  ({ ledger, provider, ann } = audited);
});
afterAll(() => ledger.close());

describe('a concession', () => {
  let held: HeldFile;
  let concession: Args<'audits:concede'>;

  beforeAll(async () => {
    const [file] = await audited.dueNow(ann);
    if (file === undefined) throw new Error('bug: one file');
    held = file;
    const epoch = ledger.epoch();
    concession = { fileId: held.file.fileId, epoch, now: epoch, uids: [0, 2] };
  });

  const refused = async (change: object, by = provider) =>
    (await ledger.refusal(by, 'audits:concede', { ...concession, ...change })).code;

  it('comes from the provider of the file and nobody else', async () => {
    expect(await refused({}, ann.identity)).toBe('NOT_ALLOWED');
    expect(await refused({}, await ledger.as('Cedar', 'delegate'))).toBe('NOT_ALLOWED');
  });

  it('names blocks that were challenged, ascending, at least one', async () => {
    expect(await refused({ uids: [3] })).toBe('INPUT_INVALID');
    expect(await refused({ uids: [2, 0] })).toBe('INPUT_INVALID');
    expect(await refused({ uids: [0, 0] })).toBe('INPUT_INVALID');
    expect(await refused({ uids: [] })).toBe('INPUT_INVALID');
    expect(await refused({ uids: [-1] })).toBe('INPUT_INVALID');
  });

  it('comes in an epoch in which the file is due', async () => {
    expect(await refused({ epoch: concession.epoch - 1 })).toBe('NOT_DUE');
    expect(await refused({ fileId: '0'.repeat(64) })).toBe('NOT_FOUND');
  });

  it('settles the audit once', async () => {
    await ledger.submit(provider, 'audits:concede', concession);
    expect(await refused({})).toBe('ALREADY_EXISTS');
    const answer = await newAnswer(ledger, [held], { epoch: concession.epoch });
    expect((await ledger.refusal(provider, 'audits:answer', answer)).code).toBe('ALREADY_EXISTS');
  });

  it('stays to be proved until an intact verdict covers it, however many come on top', async () => {
    await ledger.advance();
    const epoch = ledger.epoch();
    const more = { ...concession, epoch, now: epoch, uids: [1] };
    await ledger.submit(provider, 'audits:concede', more);
    expect(audited.dueOf(held.file.fileId).uids).toEqual([0, 1, 2]);
  });
});
