/**
 * Lanes of the purse: each transaction in flight has one of its own, so that two of them never touch one record.
 *
 * @module
 */
/** Lanes of the purse that one's transactions use in turn. */
export const LANES = 4;

export interface Lanes {
  /** Runs `work` with a lane that nothing else of this process uses meanwhile; waits where all are taken. */
  within<T>(work: (lane: number) => Promise<T>): Promise<T>;
}

export function newLanes(): Lanes {
  const free = Array.from({ length: LANES }, (_, lane) => lane);
  const waiting: ((lane: number) => void)[] = [];

  const take = (): Promise<number> => {
    const lane = free.shift();
    return lane === undefined
      ? new Promise((resolve) => waiting.push(resolve))
      : Promise.resolve(lane);
  };

  function release(lane: number): void {
    const next = waiting.shift();
    if (next === undefined) free.push(lane);
    else next(lane);
  }

  return {
    async within(work) {
      const lane = await take();
      try {
        return await work(lane);
      } finally {
        release(lane);
      }
    },
  };
}
