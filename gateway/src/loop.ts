/**
 * How a role goes round: again and again until it is told to stop, and a failure is logged, not fatal.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './log.ts';

/** Pause after a round that failed, milliseconds; the next one begins from the ledger's present state. */
const AFTER_FAILURE_MS = 1_000;

export interface LoopParts {
  /** Named in the log, such as `auditor of Alder`. */
  readonly name: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Milliseconds between rounds; 0 where a round waits by itself. */
  readonly everyMs: number;
}

/** Resolves when the signal has ended it. */
export async function goRound(
  { name, log, signal, everyMs }: LoopParts,
  round: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    let pause = everyMs;
    try {
      await round(signal);
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ event: 'RoundFailed', role: name, err: error });
      pause = Math.max(everyMs, AFTER_FAILURE_MS);
    }
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
}
