/**
 * A quota of requests for each of many keys, in memory that does not grow with their number: the generic cell rate
 * algorithm (ITU-T I.371), one number a key, and none for a key that has all of its quota.
 *
 * @module
 */

/** `quota` requests in `windowSeconds`; all of them may come at once. */
export interface Policy {
  readonly name: string;
  /** 0: no quota. */
  readonly quota: number;
  readonly windowSeconds: number;
}

export interface Standing {
  readonly isGranted: boolean;
  /** Requests that would be granted now. */
  readonly remaining: number;
  /** Until one more is, at least 1. */
  readonly seconds: number;
}

export interface RequestQuota {
  readonly policy: Policy;
  /** Uses up one request where there is one left. */
  take(key: string): Standing;
  /** Keys that are remembered. */
  readonly size: number;
}

/** Keys that are remembered; all that come besides share what one would have. */
const MOST_KEYS = 10_000;
const SWEEP_MS = 1_000;

/** @param monotonicMs - a clock that never goes back. */
export function newRequestQuota(
  policy: Policy,
  monotonicMs: () => number,
  mostKeys = MOST_KEYS,
): RequestQuota {
  const windowMs = policy.windowSeconds * 1000;
  const intervalMs = windowMs / policy.quota;
  /** When a key has all of its quota again. */
  const fullAt = new Map<string, number>();
  let swept = -Infinity;

  function sweep(now: number): void {
    if (now < swept + SWEEP_MS) return;
    swept = now;
    for (const [key, at] of fullAt) if (at <= now) fullAt.delete(key);
  }

  /** A key that cannot be remembered must not begin anew with each request. */
  function remembered(key: string, now: number): string {
    if (fullAt.has(key) || fullAt.size < mostKeys) return key;
    sweep(now);
    return fullAt.size < mostKeys ? key : '';
  }

  return {
    policy,
    take(given) {
      const now = monotonicMs();
      const key = remembered(given, now);
      const after = Math.max(now, fullAt.get(key) ?? now) + intervalMs;
      const isGranted = after - now <= windowMs;
      if (isGranted) fullAt.set(key, after);
      const used = (isGranted ? after : after - intervalMs) - now;
      const remaining = Math.floor((windowMs - used) / intervalMs + 1e-9);
      const waitMs = remaining > 0 ? 0 : used + intervalMs - windowMs;
      return { isGranted, remaining, seconds: Math.max(1, Math.ceil(waitMs / 1000)) };
    },
    get size() {
      return fullAt.size;
    },
  };
}

/** draft-ietf-httpapi-ratelimit-headers-11, section 3. */
export const policyHeader = ({ name, quota, windowSeconds }: Policy): string =>
  `"${name}";q=${quota};w=${windowSeconds}`;

/** The same, section 4. */
export const standingHeader = ({ name }: Policy, { remaining, seconds }: Standing): string =>
  `"${name}";r=${remaining};t=${seconds}`;
