/**
 * Transactions that others overtake are built anew from the state as it is then; never sent again as they were.
 *
 * @module
 */
import { HoldfastError } from '../errors.ts';

const TRIES = 8;
const PAUSE_MS = 150;
const REBUILT: readonly unknown[] = ['CONFLICT', 'EPOCH_PASSED'];

/**
 * (Owner) What an attempt gives, at the eighth try at the latest.
 *
 * @param delay - waits for about so many milliseconds, never the same for two that met.
 * @throws what the last attempt did, and at once whatever another try would not change.
 */
export async function rebuilt<T>(
  attempt: () => Promise<T>,
  delay: (ms: number) => Promise<unknown>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const code = error instanceof HoldfastError ? error.code : undefined;
      if (tries === TRIES || !REBUILT.includes(code)) throw error;
    }
    await delay(tries * PAUSE_MS);
  }
}
