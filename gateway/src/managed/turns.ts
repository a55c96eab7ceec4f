/**
 * Work that costs a whole core: some at once, some waiting, nobody beyond.
 *
 * @module
 */
import { HttpRefusal } from '../http/problem.ts';

export interface TurnLimits {
  /** At work at once. */
  readonly width: number;
  /** Waiting for them. */
  readonly waiting: number;
  /** Seconds after which a turn may be free. */
  readonly retryAfter: number;
}

export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** (Agent) @throws `RATE_LIMITED` at once where too many wait, with Retry-After. */
export function newTurns({ width, waiting, retryAfter }: TurnLimits): Turns {
  const queue: (() => void)[] = [];
  let running = 0;

  async function take(): Promise<void> {
    if (running < width) {
      running += 1;
      return;
    }
    if (queue.length >= waiting) {
      throw new HttpRefusal('RATE_LIMITED', 'too many ask for this at once', {
        headers: { 'Retry-After': String(retryAfter) },
      });
    }
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  function release(): void {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return async (work) => {
    await take();
    try {
      return await work();
    } finally {
      release();
    }
  };
}
