/**
 * When to come again: what a refusal says where only time helps.
 *
 * @module
 */
import type { ErrorCode } from '@holdfast/protocol/errors.js';

/** @returns seconds; undefined where waiting changes nothing. */
export type RetryAfter = (code: ErrorCode) => number | undefined;

export interface RetryAfterParts {
  /** Epochs after which the provider looks again for what has expired, and their length. */
  readonly config: { readonly auditPeriod: number; readonly slotSeconds: number };
  readonly monotonicMs: () => number;
}

const UNREACHABLE = ['LEDGER_UNREACHABLE', 'STORAGE_UNREACHABLE', 'KEY_SERVER_UNREACHABLE'];
const SOONEST_SECONDS = 2;
const LATEST_SECONDS = 60;

/**
 * (Agent) What cannot be reached is asked for again after half as long as it has been away: whoever waits that long asks
 * rarely in a long outage, and is soon back after a short one. Room comes, if nobody makes any, when the provider drops what
 * has expired.
 */
export function newRetryAfter({ config, monotonicMs }: RetryAfterParts): RetryAfter {
  const away = new Map<ErrorCode, { readonly since: number; readonly seen: number }>();

  function outage(code: ErrorCode): number {
    const now = monotonicMs();
    const before = away.get(code);
    const isSame = before !== undefined && now - before.seen <= 2 * LATEST_SECONDS * 1000;
    const since = isSame ? before.since : now;
    away.set(code, { since, seen: now });
    const half = Math.ceil((now - since) / 2_000);
    return Math.min(LATEST_SECONDS, Math.max(SOONEST_SECONDS, half));
  }

  return (code) => {
    if (UNREACHABLE.includes(code)) return outage(code);
    if (code === 'STORE_FULL') return config.auditPeriod * config.slotSeconds;
    return code === 'RATE_LIMITED' ? LATEST_SECONDS : undefined;
  };
}
