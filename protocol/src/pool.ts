/**
 * Long computations as jobs, so that they can run beside the thread that asks for them: in worker threads of a gateway or
 * a command line, in workers of a browser, or inline.
 *
 * A job is a function of plain values: no randomness, no clock, nothing kept that another run could see.
 *
 * @module
 */

/** A named function; both sides find it by its name in `jobs.ts`. */
export interface Job<I, O> {
  readonly name: string;
  work(input: I): O | Promise<O>;
}

/** Whatever runs jobs. */
export interface Pool {
  /**
   * How many jobs run at once: a caller keeps about one more waiting, so that memory stays bounded.
   */
  readonly width: number;
  /**
   * @param given - buffers of the input that are handed over and must not be touched after; they are empty then.
   * @throws what the job throws; of a `HoldfastError` code, words and pointer survive the way between threads.
   */
  run<I, O>(job: Job<I, O>, input: I, given?: readonly Uint8Array[]): Promise<O>;
}

/** Runs every job where it is asked for. */
export const inline: Pool = {
  width: 1,
  run: async (job, input) => job.work(input),
};

/**
 * The outcomes of `work` in the order of `items`, up to `width` of them begun ahead of the one that is taken.
 *
 * A failure comes in its place; what was begun behind it is awaited and forgotten.
 */
export async function* inOrder<T, O>(
  items: AsyncIterable<T> | Iterable<T>,
  width: number,
  work: (item: T) => Promise<O>,
): AsyncGenerator<O, void> {
  let begun: readonly Promise<O>[] = [];
  const taken = async () => {
    const [first, ...others] = begun;
    if (first === undefined) throw new Error('bug: nothing was begun');
    const outcome = await first;
    begun = others;
    return outcome;
  };
  try {
    for await (const item of items) {
      const next = work(item);
      next.catch(() => undefined); // it is awaited in its turn, or in the end
      begun = [...begun, next];
      if (begun.length > width) yield await taken();
    }
    while (begun.length > 0) yield await taken();
  } finally {
    await Promise.allSettled(begun);
  }
}
