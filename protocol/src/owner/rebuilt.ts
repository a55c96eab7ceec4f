/**
 * Transactions that others overtake are built anew from the state as it is then; never sent again as they were.
 *
 * @module
 */
import { HoldfastError, type ErrorCode } from '../errors.ts';

const TRIES = 8;
const PAUSE_MS = 150;
const OVERTAKEN: readonly ErrorCode[] = ['CONFLICT', 'EPOCH_PASSED'];

export type Delay = (ms: number) => Promise<unknown>;

/**
 * (Owner) What an attempt gives, at the eighth try at the latest.
 *
 * @param delay - waits for about so many milliseconds, never the same for two that met; 4.2 s in all.
 * @param codes - refusals that another try may change.
 * @throws what the last attempt did, and at once whatever another try would not change.
 */
export async function rebuilt<T>(
  attempt: () => Promise<T>,
  delay: Delay,
  codes: readonly ErrorCode[] = OVERTAKEN,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const code = error instanceof HoldfastError ? error.code : undefined;
      if (tries === TRIES || code === undefined || !codes.includes(code)) throw error;
    }
    await delay(tries * PAUSE_MS);
  }
}
