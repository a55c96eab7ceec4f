/** How often somebody is called who may not answer. */
import { describe, expect, it } from '@jest/globals';
import { newGate } from '../../../gateway/src/between/gate.ts';
import { refusalOf } from '../../support/refusal.ts';

describe('a gate', () => {
  it('closes after three failures, tries once a while, and opens with an answer', () => {
    let now = 0;
    const code = 'STORAGE_UNREACHABLE';
    const gate = newGate({ title: 'provider Birch', code, most: 2, monotonicMs: () => now });
    const closed = () => refusalOf(() => gate.enter());
    for (let i = 0; i < 3; i++) gate.enter().leave(false);
    expect(closed()).toMatchObject({
      code,
      detail: 'provider Birch did not answer 3 times in a row',
    });
    now = 1_000;
    const trial = gate.enter();
    expect(closed().code).toBe(code); // one tries, the others are told at once
    trial.leave(false);
    now = 2_999;
    expect(closed().code).toBe(code);
    now = 3_000;
    gate.enter().leave(true);
    const [one, two] = [gate.enter(), gate.enter()];
    expect(closed().detail).toBe('provider Birch has 2 calls to answer');
    one.leave(true);
    one.leave(true); // counts once
    const three = gate.enter();
    expect(closed().code).toBe(code);
    two.leave(true);
    three.leave(true);
  });

  it('lets the next one in as soon as the one that tries is answered, long before its end', () => {
    let now = 0;
    const code = 'STORAGE_UNREACHABLE';
    const gate = newGate({ title: 'provider Birch', code, most: 9, monotonicMs: () => now });
    for (let i = 0; i < 3; i++) gate.enter().leave(false);
    now = 1_000;
    const slow = gate.enter();
    expect(refusalOf(() => gate.enter()).detail).toContain('3 times in a row');
    slow.heard();
    const next = gate.enter();
    slow.leave(true); // whoever tries now is not forgotten by it
    next.leave(true);
    gate.enter().leave(true);
  });

  it('never rests longer than eight seconds', () => {
    let now = 0;
    const gate = newGate({
      title: 'provider Birch',
      code: 'STORAGE_UNREACHABLE',
      most: 1,
      monotonicMs: () => now,
    });
    for (let i = 0; i < 20; i++) {
      gate.enter().leave(false);
      now += 8_000;
    }
    const last = gate.enter();
    expect(refusalOf(() => gate.enter()).detail).toContain('20 times in a row');
    last.leave(true);
  });
});
