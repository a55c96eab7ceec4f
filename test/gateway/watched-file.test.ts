import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import { alertId, sortable } from '../../gateway/src/monitor/alert-ids.ts';
import { advanced, FIRST_CLOCK } from '../../gateway/src/monitor/ledger-clock.ts';
import {
  audited,
  changed,
  isWaiting,
  registered,
  type Effect,
  type WatchedFile,
} from '../../gateway/src/monitor/watched-file.ts';
import { RUNS } from '../support/property.ts';

const FILE = 'ab'.repeat(32);
const OWNER = 'cd'.repeat(32);
const where = { transactionId: 'ef'.repeat(32), ledgerBlockNumber: 7 };
const payload = { fileId: FILE, ownerId: OWNER, providerId: 'Birch' };

const fresh: WatchedFile = fileOf(
  registered(
    {
      name: 'FileRegistered',
      payload: { ...payload, version: 1, root: FILE, epoch: 1 },
      ...where,
    },
    ['birch-1', 'birch-2'],
  ),
);

function fileOf({ file }: Effect): WatchedFile {
  if (file === undefined) throw new Error('it is watched no longer');
  return file;
}

const auditOf = (changes: Partial<AuditRecord>): AuditRecord => ({
  fileId: FILE,
  epoch: 3,
  now: 3,
  providerId: 'Birch',
  node: 'birch-1',
  delegate: 'Alder',
  version: 1,
  blockCount: 4,
  sampled: 4,
  verdict: 'intact',
  uids: [],
  independent: true,
  ...changes,
});
const after = (file: WatchedFile, changes: Partial<AuditRecord>): Effect =>
  audited(file, auditOf(changes), where.transactionId);
const namesOf = ({ alerts }: Effect): string[] => alerts.map(({ event }) => event);

describe('a file that is watched', () => {
  it('waits from its registration to its first intact verdict', () => {
    expect(isWaiting(fresh)).toBe(true);
    expect(isWaiting(fileOf(after(fresh, {})))).toBe(false);
    expect(isWaiting(fileOf(after(fresh, { verdict: 'unanswered' })))).toBe(true);
  });

  it('waits again while an audit is asked, until one of that epoch or later', () => {
    const asked = fileOf(
      changed(fileOf(after(fresh, {})), {
        name: 'AuditAsked',
        payload: { fileId: FILE, fromEpoch: 6 },
        ...where,
      }),
    );
    expect(isWaiting(asked)).toBe(true);
    expect(isWaiting(fileOf(after(asked, { epoch: 5 })))).toBe(true);
    expect(isWaiting(fileOf(after(asked, { epoch: 6 })))).toBe(false);
  });

  it('is safe with damage on one node, and no longer with damage on all', () => {
    const first = after(fresh, { verdict: 'damaged', uids: [2] });
    expect(namesOf(first)).toEqual(['VerdictReached', 'FileDamaged']);
    expect(first.alerts[1]).toMatchObject({ node: 'birch-1', blocks: [2], safe: true });
    const second = after(fileOf(first), { verdict: 'damaged', uids: [2], node: 'birch-2' });
    expect(second.alerts[1]).toMatchObject({ node: 'birch-2', safe: false });
  });

  it('counts conceded blocks of a node until an intact verdict covers them', () => {
    const once = fileOf(after(fresh, { verdict: 'damaged', uids: [2, 3] }));
    const twice = fileOf(after(once, { verdict: 'damaged', uids: [1, 3] }));
    expect(twice.damaged).toEqual({ 'birch-1': [1, 2, 3] });
    const elsewhere = fileOf(after(twice, { node: 'birch-2' }));
    expect(elsewhere.damaged['birch-1']).toEqual([1, 2, 3]);
    expect(fileOf(after(elsewhere, {})).damaged['birch-1']).toEqual([]);
  });

  it('is told to be repaired by the verdict on the node that was damaged, once', () => {
    const damaged = fileOf(after(fresh, { verdict: 'damaged', uids: [2] }));
    expect(namesOf(after(damaged, { node: 'birch-2' }))).toEqual(['VerdictReached']);
    const repaired = after(damaged, {});
    expect(namesOf(repaired)).toEqual(['VerdictReached', 'FileRepaired']);
    expect(namesOf(after(fileOf(repaired), {}))).toEqual(['VerdictReached']);
  });

  it('is watched no longer once it is retired', () => {
    const retired = changed(fresh, {
      name: 'FileRetired',
      payload: { fileId: FILE, ownerId: OWNER },
      ...where,
    });
    expect(retired.file).toBeUndefined();
    expect(namesOf(retired)).toEqual(['FileRetired']);
  });
});

describe('the clock of the ledger', () => {
  const ticked = (epoch: number, mspId: string) =>
    ({ name: 'Ticked', payload: { epoch, mspId }, ...where }) as const;

  it('counts ticks for the next epoch only, and begins anew with it', () => {
    let clock = advanced(FIRST_CLOCK, ticked(1, 'Alder'));
    expect(advanced(clock, ticked(2, 'Cedar'))).toBe(clock);
    clock = advanced(clock, ticked(1, 'Cedar'));
    expect(clock).toEqual({ epoch: 0, ticks: ['Alder', 'Cedar'] });
    const begun = { epoch: 1, value: FILE, delegate: 'Cedar' };
    clock = advanced(clock, { name: 'BeaconAdvanced', payload: begun, ...where });
    expect(clock).toEqual({ epoch: 1, ticks: [] });
  });
});

describe('the id of an alert', () => {
  const position = fc.record({
    ledgerBlockNumber: fc.nat(10_000_000),
    position: fc.nat(1_000_000),
    item: fc.nat(300),
  });
  it('orders as text as it does in time', () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const [x = '', y = ''] = [a, b].map((each) => sortable(alertId(each, each.item)) ?? '');
        const earlier =
          a.ledgerBlockNumber - b.ledgerBlockNumber || a.position - b.position || a.item - b.item;
        expect(Math.sign(earlier)).toBe(x < y ? -1 : Number(x > y));
      }),
      RUNS,
    );
  });

  it.each(['', '1', '1.2', '1.2.3.4', '01.2.3', '1.2.-3', '1.2.x', '1e3.2.3'])(
    'is not %j',
    (text) => {
      expect(sortable(text)).toBeUndefined();
    },
  );
});
