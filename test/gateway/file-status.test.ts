import { describe, expect, it } from '@jest/globals';
import type { AuditRecord, DueRecord } from '@holdfast/protocol/audit-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { fileStatus, type FileStateName } from '@holdfast/protocol/file-messages.js';
import { EMBEDDED } from '../../gateway/src/consortium.ts';
import {
  damagedBlocks,
  foundBlocks,
  isSafe,
  stateOf,
  statusOf,
  type StatusQuestion,
} from '../../gateway/src/file-status.ts';
import type { SettledAudit } from '../../gateway/src/monitor/monitor.ts';

const FILE = 'ab'.repeat(32);

const stateWith = (
  due: Partial<DueRecord>,
  file: Partial<FileState['file']> = {},
  nodes: readonly string[] = ['birch-1', 'birch-2'],
): FileState => ({
  file: {
    fileId: FILE,
    version: 1,
    blockCount: 4,
    blockSize: 65_536,
    epochRegistered: 1,
    state: 'active',
    ...file,
  } as FileState['file'],
  placement: { nodes },
  due: { from: 3, last: null, verdict: null, node: null, uids: [], paidTo: 0, ...due },
  ask: null,
});

const audit = (epoch: number, node: string, record: Partial<AuditRecord>): SettledAudit => ({
  record: { fileId: FILE, epoch, node, verdict: 'intact', uids: [], ...record } as AuditRecord,
  transactionId: 'cd'.repeat(32),
  ledgerBlockNumber: epoch,
  at: `2027-01-01T00:00:0${epoch}.000Z`,
});

const ask = (
  state: FileState,
  epoch: number,
  audits: readonly SettledAudit[] = [],
): StatusQuestion => ({ state, audits, config: EMBEDDED, epoch });

const intact = { last: 3, verdict: 'intact' as const };
const damaged = { last: 4, verdict: 'damaged' as const, node: 'birch-1', uids: [2] };
const onOne = [audit(4, 'birch-1', { verdict: 'damaged', uids: [2] }), audit(3, 'birch-2', {})];
const onBoth = [
  audit(5, 'birch-2', { verdict: 'damaged', uids: [2] }),
  audit(4, 'birch-1', { verdict: 'damaged', uids: [2] }),
];

describe('the state of a file', () => {
  const cases: readonly [FileStateName, string, StatusQuestion, boolean][] = [
    ['awaiting-audit', 'has no verdict yet', ask(stateWith({}), 4), true],
    ['intact', 'was proved', ask(stateWith(intact), 5, [audit(3, 'birch-1', {})]), true],
    ['intact', 'was proved 2P + A epochs ago', ask(stateWith(intact), 14), true],
    ['overdue', 'was proved longer ago', ask(stateWith(intact), 15), true],
    ['overdue', 'has waited too long for its first', ask(stateWith({}), 13), true],
    ['repairing', 'is damaged on one node of two', ask(stateWith(damaged), 5, onOne), true],
    ['lost', 'is damaged on both', ask(stateWith({ ...damaged, last: 5 }), 6, onBoth), false],
    ['damaged', 'is damaged on its only node', ask(oneNode(damaged), 5, onOne), false],
    ['unanswered', 'was missed', ask(stateWith({ last: 4, verdict: 'unanswered' }), 8), true],
    ['retired', 'is retired', ask(stateWith(damaged, { state: 'retired' }), 5, onOne), false],
  ];
  it.each(cases)('is %s where it %s', (name, _, question, safe) => {
    expect(stateOf(question)).toBe(name);
    expect(isSafe(question)).toBe(safe);
  });

  function oneNode(due: Partial<DueRecord>): FileState {
    return stateWith(due, {}, ['birch-1']);
  }
});

describe('the status of a file', () => {
  it('shows the newest verdict of each node, none where it was not its turn', () => {
    const audits = [audit(6, 'birch-2', {}), ...onOne];
    const status = fileStatus.parse(statusOf(ask(stateWith(damaged), 7, audits)));
    expect(status.replicas).toMatchObject([
      { node: 'birch-1', verdict: 'damaged', at: '2027-01-01T00:00:04.000Z' },
      { node: 'birch-2', verdict: 'intact', at: '2027-01-01T00:00:06.000Z' },
    ]);
    expect(status.damagedBlocks).toEqual([{ uid: 2, node: 'birch-1', repairedAt: null }]);
    const none = statusOf(ask(stateWith({}), 4));
    expect(none.replicas.map(({ verdict }) => verdict)).toEqual([null, null]);
  });

  it('names a damaged block where it was found, else the node that must answer next', () => {
    const twice = { ...damaged, uids: [2, 3] };
    const found = [audit(5, 'birch-2', { verdict: 'damaged', uids: [2] }), ...onOne];
    const { damagedBlocks } = statusOf(ask(stateWith(twice), 6, found));
    expect(damagedBlocks.map(({ uid, node }) => `${uid} on ${node}`)).toEqual([
      '2 on birch-1',
      '3 on birch-1',
    ]);
  });

  it('of a retired file knows no node and no damage', () => {
    const gone = { ...stateWith({}, { state: 'retired' }), placement: null, due: null };
    const status = fileStatus.parse(statusOf(ask(gone, 9, onBoth)));
    expect(status).toMatchObject({
      state: 'retired',
      safe: false,
      lastAudit: null,
      replicas: [],
      damagedBlocks: [],
    });
  });
});

describe('blocks that were damaged', () => {
  const later = [audit(6, 'birch-1', {}), audit(5, 'birch-2', {}), ...onOne];
  const foundAt = '2027-01-01T00:00:04.000Z';

  it('are repaired when the next intact verdict of their node came', () => {
    const latest = [audit(8, 'birch-1', {}), ...later];
    expect(foundBlocks(stateWith({ ...intact, last: 8 }), latest)).toEqual([
      { uid: 2, node: 'birch-1', foundAt, repairedAt: '2027-01-01T00:00:06.000Z' },
    ]);
    expect(damagedBlocks(stateWith({ ...intact, last: 8 }), latest)).toEqual([]);
  });

  it('are not repaired by an intact verdict of another node', () => {
    const audits = [audit(5, 'birch-2', {}), ...onOne];
    expect(foundBlocks(stateWith(damaged), audits)).toEqual([
      { uid: 2, node: 'birch-1', foundAt, repairedAt: null },
    ]);
  });

  it('are damaged again where a later audit finds them so', () => {
    const audits = [audit(7, 'birch-1', { verdict: 'damaged', uids: [2] }), ...later];
    const [block] = foundBlocks(stateWith({ ...damaged, last: 7 }), audits);
    expect(block).toMatchObject({ uid: 2, repairedAt: null });
  });
});
