import { describe, expect, it } from '@jest/globals';
import type { AuditRecord, DueRecord } from '@holdfast/protocol/audit-records.js';
import { checkNodes, dueAfterPlacement } from '../../chaincode/src/nodes.ts';
import { dueAfter } from '../../chaincode/src/settlement.ts';
import { CONFIG } from '../support/consortium.ts';
import { codeOf } from '../support/refusal.ts';

const fresh: DueRecord = { from: 5, last: null, verdict: null, node: null, uids: [], paidTo: 3 };
const audit = (change: Partial<AuditRecord>): AuditRecord => ({
  fileId: 'f'.repeat(64),
  epoch: 5,
  now: 6,
  providerId: 'Birch',
  node: 'n1',
  delegate: 'Cedar',
  version: 1,
  blockCount: 1_000,
  sampled: 300,
  verdict: 'intact',
  uids: [],
  independent: true,
  ...change,
});
const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

describe('where a file stands after an audit', () => {
  it('starts anew after an intact one: paid up to its epoch, next after the newest', () => {
    const before = { ...fresh, node: 'n2', uids: [4, 9], verdict: 'damaged', last: 4 } as const;
    expect(dueAfter(before, audit({}))).toEqual({
      from: 7,
      last: 5,
      verdict: 'intact',
      node: null,
      uids: [],
      paidTo: 5,
    });
  });

  it('owes what was conceded until it is proved, on the node that failed', () => {
    const damaged = dueAfter(fresh, audit({ verdict: 'damaged', uids: [9, 12] }));
    expect(damaged).toEqual({
      from: 7,
      last: 5,
      verdict: 'damaged',
      node: 'n1',
      uids: [9, 12],
      paidTo: 3,
    });
    const again = dueAfter(damaged, audit({ verdict: 'damaged', uids: [2, 12], epoch: 8, now: 8 }));
    expect(again.uids).toEqual([2, 9, 12]);
    const silent = dueAfter(again, audit({ verdict: 'unanswered', epoch: 9, now: 12, node: 'n3' }));
    expect(silent).toMatchObject({ uids: [2, 9, 12], node: 'n3', from: 13, paidTo: 3 });
  });

  it('takes 256 conceded blocks and no more: conceding others does not shed the first', () => {
    const full = dueAfter(fresh, audit({ verdict: 'damaged', uids: from(0, 256) }));
    expect(full.uids).toHaveLength(256);
    const same = audit({ verdict: 'damaged', uids: from(0, 3) });
    expect(dueAfter(full, same).uids).toEqual(full.uids);
    const more = audit({ verdict: 'damaged', uids: [256] });
    expect(codeOf(() => dueAfter(full, more))).toBe('TOO_LARGE');
  });
});

describe('a placement', () => {
  it('names the first node that joins as the next to answer', () => {
    expect(dueAfterPlacement(fresh, ['a', 'b'], ['b', 'd', 'c'])).toEqual({ ...fresh, node: 'd' });
    expect(dueAfterPlacement(fresh, ['a', 'b'], ['b', 'a'])).toBe(undefined);
    expect(dueAfterPlacement(fresh, ['a', 'b'], ['a'])).toBe(undefined);
  });

  it('has as many nodes as the consortium wants at least', () => {
    const nodes = ['a', 'b', 'c'];
    const check = (placed: string[], minimumReplicas: number) =>
      checkNodes(placed, {
        provider: { mspId: 'Birch', nodes },
        config: { ...CONFIG, minimumReplicas },
        at: '/nodes',
      });
    expect(() => check(['a'], 1)).not.toThrow();
    expect(codeOf(() => check(['a'], 2))).toBe('INPUT_INVALID');
    expect(() => check(nodes, 3)).not.toThrow();
    expect(codeOf(() => check(['a', 'b', 'e'], 3))).toBe('INPUT_INVALID');
  });
});
