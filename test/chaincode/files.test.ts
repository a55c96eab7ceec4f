/** A registered file: where it is kept, audits its owner asks for, and its end. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FileState, Page } from '@holdfast/protocol/ledger-transactions.js';
import { type AuditedLedger, newAuditedLedger, twelve } from '../support/audited-files.ts';
import { NODES, providerAnnouncement } from '../support/consortium.ts';
import { type HeldFile, newAnswer } from '../support/provider.ts';

let audited: AuditedLedger;
let ledger: AuditedLedger['ledger'];
let provider: AuditedLedger['provider'];
let ann: AuditedLedger['ann'];
let bob: AuditedLedger['bob'];
let held: HeldFile;
let fileId: string;

beforeAll(async () => {
  audited = await newAuditedLedger();
  ({ ledger, provider, ann, bob } = audited);
  await ledger.advance();
});
afterAll(() => ledger.close());
beforeEach(async () => {
  held = await audited.register(ann);
  ({ fileId } = held.file);
});

const [one, two, three] = NODES;

describe('the placement of a file', () => {
  const place = (nodes: string[]) => ledger.submit(provider, 'files:place', { fileId, nodes });
  const refused = async (change: object, by = provider) =>
    ledger.refusal(by, 'files:place', { fileId, nodes: [one, two], ...change });

  it('is the provider’s to change: a node that leaves is not asked any more', async () => {
    await place([one, two, three]);
    const { reads, writes, event, result } = await place([two, three]);
    const placed = { fileId, nodes: [two, three] };
    expect(result).toEqual(placed);
    expect(event).toEqual({ name: 'FilePlaced', payload: placed });
    expect(reads).toEqual(
      [
        'config',
        `due/Birch/${fileId}`,
        `file/${fileId}`,
        'organisation/Birch/provider',
        `placement/${fileId}`,
      ].sort(),
    );
    expect(Object.fromEntries(writes)).toEqual({
      [`placement/${fileId}`]: { nodes: [two, three] },
    });
  });

  it('lets a node that joins answer the next audit', async () => {
    const { writes } = await place([one, two, three]);
    expect([...writes.keys()].sort()).toEqual([`due/Birch/${fileId}`, `placement/${fileId}`]);
    expect(audited.dueOf(fileId)).toMatchObject({ node: three, from: ledger.epoch() + 2 });
    await ledger.advance(2);
    const epoch = ledger.epoch();
    const answer = await newAnswer(ledger, [held], { epoch });
    const { result } = await ledger.submit(provider, 'audits:answer', answer);
    expect(result.audits).toMatchObject([{ verdict: 'intact', node: three }]);
    expect(audited.dueOf(fileId)).toMatchObject({ node: null });
  });

  it('names announced nodes of the provider, once each, and not fewer than the least', async () => {
    expect((await refused({ nodes: [one] })).message).toContain('/nodes: expected at least 2');
    expect((await refused({ nodes: [one, one] })).message).toContain('/nodes: expected each');
    expect((await refused({ nodes: [one, 'elm-1'] })).message).toContain('/nodes/1');
    expect((await refused({ nodes: [] })).code).toBe('INPUT_INVALID');
    expect((await refused({ nodes: [...NODES, 'x'] })).code).toBe('INPUT_INVALID');
  });

  it('is not for anybody else to change', async () => {
    expect((await refused({}, ann.identity)).code).toBe('NOT_ALLOWED');
    expect((await refused({}, await ledger.as('Cedar', 'delegate'))).code).toBe('NOT_ALLOWED');
    expect((await refused({ fileId: 'f'.repeat(64) })).code).toBe('NOT_FOUND');
  });

  it('stands even where the provider has stopped announcing a node', async () => {
    const announcement = providerAnnouncement('Birch', { nodes: [one, two] });
    await ledger.submit(provider, 'accounts:announce', { announcement });
    expect((await refused({ nodes: [one, three] })).code).toBe('INPUT_INVALID');
    expect(ledger.state.get(`placement/${fileId}`)).toEqual({ nodes: [one, two] });
    const all = providerAnnouncement();
    await ledger.submit(provider, 'accounts:announce', { announcement: all });
  });
});

describe('an audit that the owner asks for', () => {
  const args = (change: object = {}) => ({
    fileId,
    epoch: ledger.epoch(),
    node: one,
    blocks: 2,
    lane: 0,
    ...change,
  });
  const refused = async (change: object, by = ann.identity) =>
    ledger.refusal(by, 'files:ask', args(change));

  it('comes two epochs after the one named, of the node and the blocks asked for', async () => {
    const { reads, writes, event, result } = await ledger.submit(ann.identity, 'files:ask', args());
    const fromEpoch = ledger.epoch() + 2;
    expect(result).toEqual({ fileId, fromEpoch });
    expect(event).toEqual({ name: 'AuditAsked', payload: { fileId, fromEpoch } });
    const signer = reads.find((key) => key.startsWith('signer/')) ?? '';
    expect(reads).toEqual(
      [
        `account/${ann.ownerId}`,
        `ask/${fileId}`,
        `beacon/${twelve(fromEpoch - 2)}`,
        `beacon/${twelve(fromEpoch)}`,
        'config',
        `file/${fileId}`,
        `placement/${fileId}`,
        signer,
      ].sort(),
    );
    expect(Object.fromEntries(writes)).toEqual({
      [`ask/${fileId}`]: { fromEpoch, node: one, blocks: 2 },
    });
    await ledger.advance(2);
    const answer = await newAnswer(ledger, [held], { epoch: fromEpoch });
    const answered = await ledger.submit(provider, 'audits:answer', answer);
    expect(answered.result.audits).toMatchObject([{ node: one, sampled: 2, blockCount: 3 }]);
    expect(ledger.state.has(`ask/${fileId}`)).toBe(false);
  });

  it('is pending once at a time', async () => {
    await ledger.submit(ann.identity, 'files:ask', args());
    expect((await refused({})).code).toBe('ALREADY_EXISTS');
  });

  it('covers no more blocks than the file has, and no more than one transaction may', async () => {
    const refusal = await refused({ blocks: 1_001 });
    expect(refusal.message).toBe('INPUT_INVALID: /blocks: one audit covers at most 1000 blocks');
    expect((await refused({ blocks: 0 })).code).toBe('INPUT_INVALID');
    await ledger.submit(ann.identity, 'files:ask', args({ blocks: 1_000 }));
    await ledger.advance(2);
    const answer = await newAnswer(ledger, [held], { epoch: ledger.epoch() });
    const { result } = await ledger.submit(provider, 'audits:answer', answer);
    expect(result.audits).toMatchObject([{ sampled: 3 }]);
  });

  it('is of a node that has the file, or of none in particular', async () => {
    expect((await refused({ node: three })).message).toContain('/node');
    expect((await refused({ node: 'elm-1' })).message).toContain('/node');
    await ledger.submit(ann.identity, 'files:ask', args({ node: null, blocks: null }));
  });

  it('names an epoch that has begun and not passed', async () => {
    await ledger.advance();
    const epoch = ledger.epoch();
    expect((await refused({ epoch: epoch - 2 })).code).toBe('EPOCH_PASSED');
    expect((await refused({ epoch: epoch + 1 })).code).toBe('NOT_FOUND');
    await ledger.submit(ann.identity, 'files:ask', args({ epoch: epoch - 1 }));
  });

  it('is the owner’s to ask', async () => {
    expect((await refused({}, bob.identity)).code).toBe('NOT_ALLOWED');
    expect((await refused({}, provider)).code).toBe('NOT_ALLOWED');
    expect((await refused({ fileId: 'f'.repeat(64) })).code).toBe('NOT_FOUND');
  });
});

describe('a file that is retired', () => {
  const retire = () => ledger.submit(ann.identity, 'files:retire', { fileId, lane: 0 });

  it('leaves its record and its history; all else goes', async () => {
    const ask = { fileId, epoch: ledger.epoch(), node: null, blocks: null, lane: 0 };
    await ledger.submit(ann.identity, 'files:ask', ask);
    const { anchor } = held.file.registration;
    const before = ledger.state.get(`file/${fileId}`);
    const { reads, writes, event, result } = await retire();
    expect(result).toEqual({ fileId });
    expect(event).toEqual({ name: 'FileRetired', payload: { fileId, ownerId: ann.ownerId } });
    const signer = reads.find((key) => key.startsWith('signer/')) ?? '';
    expect(reads).toEqual(
      [
        `account/${ann.ownerId}`,
        'config',
        `due/Birch/${fileId}`,
        `file/${fileId}`,
        `shares/${fileId}/000001`,
        signer,
      ].sort(),
    );
    expect(Object.fromEntries(writes)).toEqual({
      [`file/${fileId}`]: { ...(before as object), state: 'retired' },
      [`due/Birch/${fileId}`]: null,
      [`ask/${fileId}`]: null,
      [`placement/${fileId}`]: null,
      [`owned/${ann.ownerId}/${fileId}`]: null,
      [`anchor/${anchor}`]: null,
      [`shares/${fileId}/000001`]: null,
    });
    const by = bob.identity;
    const found = await ledger.evaluate(by, 'files:get', { fileId });
    expect(found).toMatchObject({ file: { state: 'retired' }, placement: null, due: null });
    expect((await ledger.refusal(by, 'files:byAnchor', { anchor })).code).toBe('NOT_FOUND');
    expect((await ledger.refusal(by, 'shares:ofFile', { fileId })).code).toBe('NOT_FOUND');
    const { items } = await ledger.evaluate(by, 'files:list', { ownerId: ann.ownerId });
    expect(items.some(({ file }) => file.fileId === fileId)).toBe(false);
  });

  it('takes nothing any more, and is never registered again', async () => {
    await retire();
    await ledger.advance(2);
    const epoch = ledger.epoch();
    const { items } = await ledger.evaluate(provider, 'audits:due', { providerId: 'Birch', epoch });
    expect(items.some(({ file }) => file.fileId === fileId)).toBe(false);
    const ask = { fileId, epoch, node: null, blocks: null, lane: 0 };
    const codes = [
      await ledger.refusal(ann.identity, 'files:retire', { fileId, lane: 0 }),
      await ledger.refusal(ann.identity, 'files:ask', ask),
      await ledger.refusal(provider, 'files:place', { fileId, nodes: [one, two] }),
      await ledger.refusal(provider, 'audits:concede', { fileId, epoch, now: epoch, uids: [0] }),
      await ledger.refusal(provider, 'audits:miss', { fileId, epoch, now: epoch }),
    ].map(({ code }) => code);
    expect(codes).toEqual(codes.map(() => 'NOT_FOUND'));
    const again = { ...held.file.registration, epoch };
    expect((await ledger.refusal(ann.identity, 'files:register', again)).code).toBe(
      'ALREADY_EXISTS',
    );
  });

  it('is retired by its owner only', async () => {
    for (const by of [bob.identity, provider]) {
      const refusal = await ledger.refusal(by, 'files:retire', { fileId, lane: 0 });
      expect(refusal.code).toBe('NOT_ALLOWED');
    }
  });
});

describe('lists', () => {
  it('show an owner’s files and a provider’s challenges a page at a time, each once', async () => {
    const files = [held, await audited.register(ann), await audited.register(ann)];
    const wanted = files.map(({ file }) => file.fileId).sort();
    await ledger.advance(2);
    const epoch = ledger.epoch();
    const { ownerId } = ann;
    const listed = await allPages((cursor) =>
      ledger.evaluate(provider, 'files:list', { ownerId, limit: 2, ...cursor }),
    );
    const due = await allPages((cursor) =>
      ledger.evaluate(provider, 'audits:due', { providerId: 'Birch', epoch, limit: 2, ...cursor }),
    );
    expect(listed.filter((id) => wanted.includes(id)).sort()).toEqual(wanted);
    expect(new Set(listed).size).toBe(listed.length);
    expect(due.filter((id) => wanted.includes(id)).sort()).toEqual(wanted);
    await ledger.submit(ann.identity, 'files:retire', { fileId: wanted[0] ?? '', lane: 0 });
    const first = await ledger.evaluate(provider, 'audits:due', {
      providerId: 'Birch',
      epoch,
      limit: 100,
    });
    expect(first.items.map(({ file }) => file.fileId)).not.toContain(wanted[0]);
    // nothing of it is left to be looked through
    const keys = [...ledger.state.keys()].filter((key) => key.startsWith('due/'));
    expect(keys.filter((key) => key.endsWith(wanted[0] ?? ''))).toEqual([]);
    expect(keys.filter((key) => key.endsWith(wanted[1] ?? ''))).toHaveLength(1);
    const future = { providerId: 'Birch', epoch: epoch + 1 };
    expect((await ledger.refusal(provider, 'audits:due', future)).code).toBe('NOT_FOUND');
  });
});

/** File ids of all pages. */
async function allPages(
  read: (cursor: { cursor?: string }) => Promise<Page<FileState>>,
): Promise<string[]> {
  const ids: string[] = [];
  let next: string | null = null;
  do {
    const page: Page<FileState> = await read(next === null ? {} : { cursor: next });
    ids.push(...page.items.map(({ file }) => file.fileId));
    ({ next } = page);
  } while (next !== null);
  return ids;
}
