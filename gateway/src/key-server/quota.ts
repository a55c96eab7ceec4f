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
  /** All identities of one organisation together: what one uses up leaves the others theirs. */
  readonly perDayAll: number;
}

/** Who asks. */
export interface Asking {
  readonly ownerId: string;
  /** MSP id; undefined: the key server's own. */
  readonly organisation: string | undefined;
}

/** Evaluations of a day, by who asked for them. */
export interface Spent {
  readonly owners: ReadonlyMap<string, number>;
  readonly organisations: ReadonlyMap<string | undefined, number>;
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

/** (Key server) @param spent - what was used today, from before a restart. */
export function newQuota(limits: QuotaLimits, nowMs: () => number, spent: Spent) {
  const uses = new Map<string, Use>();
  const organisations = new Map(spent.organisations);
  let day = dayOf(nowMs());
  for (const [ownerId, today] of spent.owners) {
    uses.set(ownerId, { tokens: limits.burst, at: nowMs(), today });
  }

  function useOf(ownerId: string, now: number): Use {
    // a clock that is set back does not begin a day again
    if (day < dayOf(now)) {
      uses.clear();
      organisations.clear();
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
    take({ ownerId, organisation }: Asking, count: number): void {
      const now = nowMs();
      const use = useOf(ownerId, now);
      const all = organisations.get(organisation) ?? 0;
      if (use.today + count > limits.perDay) throw usedUp(`${limits.perDay}`, now);
      if (all + count > limits.perDayAll) {
        throw usedUp(`${limits.perDayAll} for all of ${organisation ?? 'this organisation'}`, now);
      }
      if (use.tokens < count) {
        const seconds = Math.ceil(((count - use.tokens) / limits.perMinute) * 60);
        throw new HttpRefusal('RATE_LIMITED', `${limits.perMinute} evaluations a minute`, {
          headers: { 'Retry-After': String(seconds) },
        });
      }
      use.tokens -= count;
      use.today += count;
      organisations.set(organisation, all + count);
    },
  };
}

/** Until midnight UTC. */
const usedUp = (whose: string, now: number): HttpRefusal =>
  new HttpRefusal('RATE_LIMITED', `the day's quota of ${whose} is used up`, {
    headers: { 'Retry-After': String(Math.ceil((DAY_MS - (now % DAY_MS)) / 1000)) },
  });
