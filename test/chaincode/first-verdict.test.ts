/** The line through the audits: register, first verdict, damage, repair, silence. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import { type AuditedLedger, damaged, newAuditedLedger, twelve } from '../support/audited-files.ts';
import { challengeFor, type HeldFile, newAnswer } from '../support/provider.ts';

let audited: AuditedLedger;
let ledger: AuditedLedger['ledger'];
let provider: AuditedLedger['provider'];
let ann: AuditedLedger['ann'];
let bob: AuditedLedger['bob'];

beforeAll(async () => {
  audited = await newAuditedLedger();
  ({ ledger, provider, ann, bob } = audited);
});
afterAll(() => ledger.close());

describe('a file of three blocks', () => {
  let held: HeldFile;
  let fileId: string;
  let first: number;

  it('is first audited two epochs after the one its registration names', async () => {
    await ledger.advanceTo(1);
    held = await audited.register(ann);
    fileId = held.file.fileId;
    first = ledger.epoch() + 2;
    expect(audited.dueOf(fileId)).toEqual({
      from: first,
      last: null,
      verdict: null,
      node: null,
      uids: [],
      paidTo: first - 2,
    });
    await ledger.advance();
    const early = await newAnswer(ledger, [held], { epoch: ledger.epoch() });
    expect((await ledger.refusal(provider, 'audits:answer', early)).code).toBe('NOT_DUE');
    await ledger.advance();
    const { items } = await ledger.evaluate(provider, 'audits:due', {
      providerId: 'Birch',
      epoch: first,
    });
    expect(items.map(({ file }) => file.fileId)).toEqual([fileId]);
  });

  it('is not proved by a provider that has lost a block: nothing is written', async () => {
    const args = await newAnswer(ledger, [damaged(held, 1)], { epoch: first });
    const before = new Map(ledger.state);
    expect((await ledger.refusal(provider, 'audits:answer', args)).code).toBe('PROOF_INVALID');
    expect(new Map(ledger.state)).toEqual(before);
  });

  it('is intact when the provider proves it: the first computed verdict', async () => {
    const args = await newAnswer(ledger, [held], { epoch: first });
    const { result, reads, writes, event } = await ledger.submit(provider, 'audits:answer', args);
    const audit: AuditRecord = {
      fileId,
      epoch: first,
      now: first,
      providerId: 'Birch',
      node: expect.stringMatching(/^birch-[12]$/) as unknown as string,
      delegate: 'Cedar',
      version: 1,
      blockCount: 3,
      sampled: 3,
      verdict: 'intact',
      uids: [],
      independent: true,
    };
    expect(result).toEqual({ audits: [audit] });
    expect(event).toEqual({ name: 'AuditsAnswered', payload: { audits: [audit] } });
    expect(reads).toEqual(
      [
        `ask/${fileId}`,
        `audit/${fileId}/${twelve(first)}`,
        `beacon/${twelve(first)}`,
        'config',
        `due/Birch/${fileId}`,
        `file/${fileId}`,
        `placement/${fileId}`,
        `tagkey/${ann.tagKeyId}`,
      ].sort(),
    );
    expect(Object.fromEntries(writes)).toEqual({
      [`audit/${fileId}/${twelve(first)}`]: audit,
      [`due/Birch/${fileId}`]: {
        from: first + 1,
        last: first,
        verdict: 'intact',
        node: null,
        uids: [],
        paidTo: first,
      },
    });
  });

  it('is not audited twice in one epoch', async () => {
    const args = await newAnswer(ledger, [held], { epoch: first });
    expect((await ledger.refusal(provider, 'audits:answer', args)).code).toBe('ALREADY_EXISTS');
  });

  it('is damaged when the provider concedes a block, and names node and block for the next audit', async () => {
    const epoch = ledger.epoch();
    const ask = { fileId, epoch, node: 'birch-2', blocks: 3, lane: 0 };
    await ledger.submit(ann.identity, 'files:ask', ask);
    const asked = await audited.advanceAnswering(held, 2);
    const { from, paidTo } = audited.dueOf(fileId);
    const args = { fileId, epoch: asked, now: asked, uids: [1] };
    const { result, reads, writes, event } = await ledger.submit(provider, 'audits:concede', args);
    const { audit } = result;
    expect(audit).toMatchObject({ verdict: 'damaged', node: 'birch-2', uids: [1], sampled: 3 });
    expect(event).toEqual({ name: 'AuditConceded', payload: { audit } });
    expect(reads).toEqual(
      [
        `ask/${fileId}`,
        `audit/${fileId}/${twelve(asked)}`,
        // From the first epoch that could be due on: constructions 5.6.
        ...(from < asked ? [`beacon/${twelve(asked - 1)}`] : []),
        `beacon/${twelve(asked)}`,
        'config',
        `due/Birch/${fileId}`,
        `file/${fileId}`,
        `placement/${fileId}`,
      ].sort(),
    );
    expect(Object.fromEntries(writes)).toEqual({
      [`ask/${fileId}`]: null,
      [`audit/${fileId}/${twelve(asked)}`]: audit,
      [`due/Birch/${fileId}`]: {
        from: asked + 1,
        last: asked,
        verdict: 'damaged',
        node: 'birch-2',
        uids: [1],
        paidTo,
      },
    });
  });

  it('is audited again at once, cannot outrun the repair, and is intact when repaired', async () => {
    await ledger.advance();
    const epoch = ledger.epoch();
    expect((await challengeFor(ledger, fileId, epoch)).uids).toContain(1);
    const unrepaired = await newAnswer(ledger, [damaged(held, 1)], { epoch });
    expect((await ledger.refusal(provider, 'audits:answer', unrepaired)).code).toBe(
      'PROOF_INVALID',
    );
    const repaired = await newAnswer(ledger, [held], { epoch });
    const { result } = await ledger.submit(provider, 'audits:answer', repaired);
    expect(result.audits).toMatchObject([{ verdict: 'intact', node: 'birch-2' }]);
    expect(audited.dueOf(fileId)).toMatchObject({
      verdict: 'intact',
      node: null,
      uids: [],
      paidTo: epoch,
    });
  });

  it('is unanswered when its provider stays silent for the whole window, and not before', async () => {
    const named = ledger.epoch();
    const ask = { fileId, epoch: named, node: null, blocks: null, lane: 0 };
    await ledger.submit(ann.identity, 'files:ask', ask);
    const epoch = await audited.advanceAnswering(held, 2);
    expect(epoch).toBe(named + 2);
    await ledger.advance(2);
    const anybody = bob.identity;
    const early = { fileId, epoch, now: ledger.epoch() };
    expect((await ledger.refusal(anybody, 'audits:miss', early)).code).toBe('NOT_DUE');
    const forward = { ...early, now: epoch + 3 };
    expect((await ledger.refusal(anybody, 'audits:miss', forward)).code).toBe('NOT_FOUND');
    await ledger.advance();
    const miss = { fileId, epoch, now: epoch + 3 };
    const { from } = audited.dueOf(fileId);
    const submitted = await ledger.submit(anybody, 'audits:miss', miss);
    const { result, reads, writes, event } = submitted;
    const looked = Array.from({ length: epoch - from + 1 }, (_, i) => from + i);
    expect(reads).toEqual(
      [
        'config',
        `due/Birch/${fileId}`,
        ...['ask', 'file', 'placement'].map((type) => `${type}/${fileId}`),
        `audit/${fileId}/${twelve(epoch)}`,
        ...[...looked, epoch + 3].map((each) => `beacon/${twelve(each)}`),
      ].sort(),
    );
    const { audit } = result;
    expect(audit).toMatchObject({ verdict: 'unanswered', uids: [], now: epoch + 3 });
    expect(event).toEqual({ name: 'AuditMissed', payload: { audit } });
    expect([...writes.keys()].sort()).toEqual(
      [`ask/${fileId}`, `audit/${fileId}/${twelve(epoch)}`, `due/Birch/${fileId}`].sort(),
    );
    expect(audited.dueOf(fileId)).toMatchObject({
      from: epoch + 4,
      verdict: 'unanswered',
      node: audit.node,
    });
    const late = await newAnswer(ledger, [held], { epoch });
    expect((await ledger.refusal(provider, 'audits:answer', late)).code).toBe('ALREADY_EXISTS');
  });

  it('shows all its verdicts, oldest first, a page at a time', async () => {
    const by = ann.identity;
    const { items } = await ledger.evaluate(by, 'audits:ofFile', { fileId });
    const verdicts = items.map(({ verdict }) => verdict);
    expect(verdicts[0]).toBe('intact');
    expect(verdicts.filter((verdict) => verdict !== 'intact')).toEqual(['damaged', 'unanswered']);
    const epochs = items.map(({ epoch }) => epoch);
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
    const head = await ledger.evaluate(by, 'audits:ofFile', { fileId, limit: 3 });
    expect(head.items).toEqual(items.slice(0, 3));
    const cursor = head.next ?? '';
    const tail = await ledger.evaluate(by, 'audits:ofFile', { fileId, limit: 3, cursor });
    expect(tail).toEqual({ items: items.slice(3), next: null });
    const epoch = items[1]?.epoch ?? 0;
    expect(await ledger.evaluate(by, 'audits:get', { fileId, epoch })).toEqual(items[1]);
  });
});
