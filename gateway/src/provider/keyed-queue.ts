/**
 * Runs work one at a time a key, in the order it came.
 *
 * @module
 */
export interface KeyedQueue {
  <T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Whether work under the key would begin at once. */
  isFree(key: string): boolean;
}

export function newKeyedQueue(): KeyedQueue {
  const last = new Map<string, Promise<unknown>>();
  async function inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = last.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    last.set(key, mine);
    try {
      return await mine;
    } finally {
      if (last.get(key) === mine) last.delete(key);
    }
  }
  return Object.assign(inTurn, { isFree: (key: string) => !last.has(key) });
}
