import { describe, expect, it } from '@jest/globals';
import { newRetryAfter } from '../../gateway/src/http/retry-after.ts';

const config = { auditPeriod: 4, slotSeconds: 30 };

describe('when to come again', () => {
  it('grows with an outage to a minute, and begins anew with the next', () => {
    let now = 0;
    const retryAfter = newRetryAfter({ config, monotonicMs: () => now });
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      const seconds = retryAfter('LEDGER_UNREACHABLE') ?? 0;
      waits.push(seconds);
      now += seconds * 1000;
    }
    expect(waits).toEqual([2, 2, 2, 3, 5, 7, 11, 16, 24, 36, 54, 60]);
    expect(retryAfter('STORAGE_UNREACHABLE')).toBe(2);
    now += 151_000;
    expect(retryAfter('LEDGER_UNREACHABLE')).toBe(2);
  });

  it('says nothing of an outage that was over half a minute before the next', () => {
    let now = 0;
    const retryAfter = newRetryAfter({ config, monotonicMs: () => now });
    for (; now < 18_000; now += 2_000) retryAfter('LEDGER_UNREACHABLE');
    expect(retryAfter('LEDGER_UNREACHABLE')).toBe(9);
    now += 49_000;
    expect(retryAfter('LEDGER_UNREACHABLE')).toBe(2);
  });

  it('is when the provider has looked for what expired, where there is no room', () => {
    expect(newRetryAfter({ config, monotonicMs: () => 0 })('STORE_FULL')).toBe(120);
  });

  it('is never where waiting changes nothing', () => {
    const retryAfter = newRetryAfter({ config, monotonicMs: () => 0 });
    expect(retryAfter('NOT_FOUND')).toBeUndefined();
    expect(retryAfter('INTERNAL')).toBeUndefined();
  });
});
