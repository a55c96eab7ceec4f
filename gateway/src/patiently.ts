/**
 * A start that waits for others who are starting.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';

/** How long the others have before a gateway gives up starting, and how often they are asked, milliseconds. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 250;

/** Asks again while the answer is one of these refusals; the last one is thrown. */
export async function patiently<T>(
  ask: () => Promise<T>,
  codes: readonly ErrorCode[] = ['LEDGER_UNREACHABLE'],
): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const isEarly = error instanceof HoldfastError && codes.includes(error.code);
      if (!isEarly || performance.now() > end) throw error;
    }
    await delay(PAUSE_MS);
  }
}
