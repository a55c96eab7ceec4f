import { describe, expect, it } from '@jest/globals';
import type { DueRecord } from '@holdfast/protocol/audit-records.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { fileStateName, type FileStateName } from '@holdfast/protocol/file-messages.js';
import { assuranceOf } from '../../client/src/assurance.ts';
import { ledgerStateOf, shownState } from '../../client/src/file-state.ts';

const config = { auditPeriod: 4 };
const due: DueRecord = { from: 10, last: null, verdict: null, node: null, uids: [], paidTo: 10 };
const stateWith = (change: Partial<DueRecord>, state: FileRecord['state'] = 'active') =>
  ({
    file: { state } as FileRecord,
    placement: { nodes: ['birch-1'] },
    due: { ...due, ...change },
    ask: null,
  }) satisfies FileState;

describe('the state of a file, from the ledger', () => {
  it('is never green before the first verdict', () => {
    expect(ledgerStateOf(stateWith({}), 10, config)).toBe('awaiting-audit');
    expect(ledgerStateOf(stateWith({}), 18, config)).toBe('awaiting-audit');
    expect(ledgerStateOf(stateWith({}), 19, config)).toBe('overdue');
  });

  it('is intact for twice the audit period, and overdue from then on', () => {
    const intact = stateWith({ last: 20, verdict: 'intact' });
    expect(ledgerStateOf(intact, 28, config)).toBe('intact');
    expect(ledgerStateOf(intact, 29, config)).toBe('overdue');
  });

  it.each(['damaged', 'unanswered'] as const)('stays %s however old the verdict', (verdict) => {
    expect(ledgerStateOf(stateWith({ last: 20, verdict }), 99, config)).toBe(verdict);
  });

  it('is retired once the owner ended it', () => {
    expect(ledgerStateOf(stateWith({}, 'retired'), 10, config)).toBe('retired');
  });
});

describe('the state that is shown', () => {
  it('is never better than the ledger says, whatever a gateway tells', () => {
    for (const told of fileStateName.options) {
      for (const ofLedger of ['damaged', 'unanswered', 'overdue', 'awaiting-audit'] as const) {
        expect(shownState(ofLedger, told)).not.toBe('intact');
      }
    }
    expect(shownState('unanswered', 'intact')).toBe('unanswered');
    expect(shownState('overdue', 'awaiting-audit')).toBe('overdue');
  });

  it('believes a gateway that brings worse news, or that a repair has begun', () => {
    const worse: FileStateName[] = ['lost', 'damaged', 'repairing', 'unanswered', 'overdue'];
    for (const told of worse) expect(shownState('intact', told)).toBe(told);
    expect(shownState('damaged', 'repairing')).toBe('repairing');
    expect(shownState('damaged', 'lost')).toBe('lost');
  });

  it('does not take a gateway’s word that a file is retired', () => {
    expect(shownState('intact', 'retired')).toBe('intact');
    expect(shownState('retired', 'intact')).toBe('retired');
  });

  it('is the ledger’s where the gateway says nothing', () => {
    expect(shownState('intact', undefined)).toBe('intact');
  });
});

describe('assurance', () => {
  it('counts both cases from the real period and placement', () => {
    const everyHour = { slotSeconds: 3_600, auditPeriod: 24 };
    const one = assuranceOf(4_096, 3, everyHour);
    expect(one.sampled).toBe(434);
    expect(one.auditsPerDay).toBe(1);
    expect(one.lostEverywhere).toBeCloseTo(434 / 4_096, 12);
    expect(one.lostOnOneNode).toBeCloseTo(434 / 4_096 / 3, 12);
  });

  it('is certain of a block of a file that is audited whole', () => {
    const chances = assuranceOf(5, 3, { slotSeconds: 30, auditPeriod: 4 });
    expect(chances.lostEverywhere).toBe(1);
    expect(chances.lostOnOneNode).toBeLessThan(1);
  });
});
