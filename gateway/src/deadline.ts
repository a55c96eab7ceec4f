/**
 * Work that ends: by itself, when its caller gives up, or when its time is over.
 *
 * @module
 */

/** What a deadline is counted in. */
const PARTS = 8;

/**
 * The time is counted in parts, each of which begins when the one before has ended: while this process itself stands still,
 * at a computation or with the machine, at most one of them passes, and an answer that has come meanwhile is taken.
 *
 * @param late - what it fails with when its time is over.
 * @param work - does best to heed the signal; where it does not, nobody waits for it.
 * @throws what `work` throws, the signal's reason, or what `late` makes.
 */
export async function withDeadline<T>(
  ms: number,
  signal: AbortSignal,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const ending = new AbortController();
  const give = (): void => ending.abort(signal.reason);
  signal.addEventListener('abort', give, { once: true });
  let left = PARTS;
  const timer = setInterval(() => {
    left -= 1;
    if (left === 0) ending.abort(late());
  }, ms / PARTS);
  try {
    return await Promise.race([work(ending.signal), abortOf(ending.signal)]);
  } catch (error) {
    throw ending.signal.aborted ? ending.signal.reason : error;
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', give);
  }
}

const abortOf = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
