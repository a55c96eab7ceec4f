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
/** What a request may take that finds out that the outage lasts. */
const REQUEST_SECONDS = 30;

/**
 * (Agent) What cannot be reached is asked for again after half as long as it has been away: whoever waits that long asks
 * rarely in a long outage, and is soon back after a short one. It is another outage where nobody was refused for twice as
 * long as was told, and a request. Room comes, if nobody makes any, when the provider drops what has expired.
 */
export function newRetryAfter({ config, monotonicMs }: RetryAfterParts): RetryAfter {
  const away = new Map<ErrorCode, { readonly since: number; readonly until: number }>();

  function outage(code: ErrorCode): number {
    const now = monotonicMs();
    const before = away.get(code);
    const since = before !== undefined && now <= before.until ? before.since : now;
    const half = Math.ceil((now - since) / 2_000);
    const told = Math.min(LATEST_SECONDS, Math.max(SOONEST_SECONDS, half));
    away.set(code, { since, until: now + 1_000 * (2 * told + REQUEST_SECONDS) });
    return told;
  }

  return (code) => {
    if (UNREACHABLE.includes(code)) return outage(code);
    if (code === 'STORE_FULL') return config.auditPeriod * config.slotSeconds;
    return code === 'RATE_LIMITED' ? LATEST_SECONDS : undefined;
  };
}
