/** What `due`, `get` and `ofFile` show of audits, on records laid out by hand. */
import { layAudits, type LaidAudits, NEWEST, OPEN, twelve } from '../support/laid-audits.ts';
import { refusal, taken } from '../support/laid-ledger.ts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { FileState, Page } from '@holdfast/protocol/ledger-transactions.js';

let laid: LaidAudits;
beforeAll(async () => {
  laid = await layAudits();
});

describe('the files of a provider that are due', () => {
  const dueIn = async (epoch: number, more: object = {}, records = laid.records) => {
    const args = { providerId: 'Birch', epoch, ...more };
    const page = (await taken(records, laid.birch, 'audits:due', args)).result as Page<FileState>;
    return { ids: page.items.map(({ file }) => file.fileId), next: page.next };
  };
  const all = () => laid.held.map(({ file }) => file.fileId).sort();

  it('are those whose challenge is open, with all that it rests on', async () => {
    expect(await dueIn(OPEN)).toEqual({ ids: all(), next: null });
    expect(await dueIn(OPEN - 1)).toEqual({ ids: [], next: null });
    expect(await dueIn(OPEN + 1)).toEqual({ ids: [], next: null });
    expect(await dueIn(OPEN, { providerId: 'Cedar' })).toEqual({ ids: [], next: null });
    const [id] = all();
    const due = { from: OPEN + 1 };
    const later = laid.changed(`due/Birch/${id}`, due);
    expect((await dueIn(OPEN, {}, later)).ids).toEqual(all().slice(1));
  });

  it('come a page at a time, and page by page the same', async () => {
    const head = await dueIn(OPEN, { limit: 2 });
    expect(head.ids).toEqual(all().slice(0, 2));
    const tail = await dueIn(OPEN, { limit: 2, cursor: head.next });
    expect(tail).toEqual({ ids: all().slice(2), next: null });
  });

  it('are of an epoch that began', async () => {
    const args = { providerId: 'Birch', epoch: NEWEST + 1 };
    expect(await refusal(laid.records, laid.birch, 'audits:due', args)).toBe(
      `NOT_FOUND: no beacon ${NEWEST + 1} yet`,
    );
    const none = { ...args, providerId: 'Cedar' };
    expect(await refusal(laid.records, laid.birch, 'audits:due', none)).toBe(
      `NOT_FOUND: no beacon ${NEWEST + 1} yet`,
    );
  });
});

describe('the verdicts of a file', () => {
  it('are read one by one, or all, oldest first, a page at a time', async () => {
    const fileId = laid.idOf(0);
    const audits = [3, 4, 7].map((epoch) => ({ fileId, epoch }));
    const records = {
      ...laid.records,
      ...Object.fromEntries(audits.map((it) => [`audit/${fileId}/${twelve(it.epoch)}`, it])),
    };
    const read = async (name: 'audits:get' | 'audits:ofFile', args: object) =>
      (await taken(records, laid.birch, name, { fileId, ...args })).result;
    expect(await read('audits:get', { epoch: 4 })).toEqual(audits[1]);
    expect(await read('audits:ofFile', {})).toEqual({ items: audits, next: null });
    const head = (await read('audits:ofFile', { limit: 2 })) as Page<unknown>;
    expect(head.items).toEqual(audits.slice(0, 2));
    const rest = { items: audits.slice(2), next: null };
    expect(await read('audits:ofFile', { limit: 2, cursor: head.next })).toEqual(rest);
    const wanted = { fileId, epoch: 5 };
    expect(await refusal(records, laid.birch, 'audits:get', wanted)).toBe(
      `NOT_FOUND: no audit of ${fileId.slice(0, 12)}… in epoch 5`,
    );
  });
});
