/**
 * How often an identity may ask a key server (constructions, section 7): what makes guessing slow.
 *
 * @module
 */
import { HttpRefusal } from '../http/problem.ts';

export interface QuotaLimits {
  readonly perMinute: number;
  readonly burst: number;
  readonly perDay: number;
  /** All identities of one organisation together. */
  readonly perDayAll: number;
}

/** 10^6 guesses take one identity ten days. */
export const LIMITS: QuotaLimits = {
  perMinute: 600,
  burst: 4_096,
  perDay: 100_000,
  perDayAll: 500_000,
};

const DAY_MS = 86_400_000;
export const dayOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 10);

/** A bucket that fills again, and a count that starts anew at midnight UTC. */
interface Use {
  tokens: number;
  at: number;
  today: number;
}

/** (Key server) @param spent - what identities have used today, from before a restart. */
export function newQuota(
  limits: QuotaLimits,
  nowMs: () => number,
  spent: ReadonlyMap<string, number>,
) {
  const uses = new Map<string, Use>();
  let day = dayOf(nowMs());
  let all = 0;
  for (const [ownerId, today] of spent) {
    uses.set(ownerId, { tokens: limits.burst, at: nowMs(), today });
    all += today;
  }

  function useOf(ownerId: string, now: number): Use {
    // a clock that is set back does not begin a day again
    if (day < dayOf(now)) {
      uses.clear();
      all = 0;
      day = dayOf(now);
    }
    const use = uses.get(ownerId) ?? { tokens: limits.burst, at: now, today: 0 };
    const refill = (Math.max(0, now - use.at) / 60_000) * limits.perMinute;
    use.tokens = Math.min(limits.burst, use.tokens + refill);
    use.at = now;
    uses.set(ownerId, use);
    return use;
  }

  return {
    /** Takes `count` evaluations. @throws `RATE_LIMITED` with Retry-After. */
    take(ownerId: string, count: number): void {
      const now = nowMs();
      const use = useOf(ownerId, now);
      if (use.today + count > limits.perDay || all + count > limits.perDayAll) {
        const seconds = Math.ceil((DAY_MS - (now % DAY_MS)) / 1000);
        throw new HttpRefusal('RATE_LIMITED', `the day's quota of ${limits.perDay} is used up`, {
          headers: { 'Retry-After': String(seconds) },
        });
      }
      if (use.tokens < count) {
        const seconds = Math.ceil(((count - use.tokens) / limits.perMinute) * 60);
        throw new HttpRefusal('RATE_LIMITED', `${limits.perMinute} evaluations a minute`, {
          headers: { 'Retry-After': String(seconds) },
        });
      }
      use.tokens -= count;
      use.today += count;
      all += count;
    },
  };
}
