/**
 * Jobs in threads: what goes to a thread and comes back, and the pool over threads that whoever runs it opens.
 *
 * @module
 */
import { HoldfastError, type ErrorCode } from './errors.ts';
import type { Pool } from './pool.ts';

/** What goes to a thread. */
export interface Order {
  readonly job: string;
  readonly input: unknown;
}

/** What comes back: errors lose their class on the way between threads, so a refusal goes as plain values. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly code: ErrorCode; readonly detail: string; readonly pointer: string | undefined };

/** Threads that `perform` (`jobs.ts`): what piscina is, beside a browser's workers. */
export interface Threads {
  /** Has one of them do it; the buffers listed change hands. */
  run(order: Order, moved: { readonly transferList: ArrayBuffer[] }): Promise<Outcome>;
  /** Ends them; what they were doing fails. */
  destroy(): Promise<void>;
}

/** How threads are kept, in piscina's words. They start when there is work, and keep no process alive. */
const KEPT = {
  /** Of `worker.ts`. */
  name: 'run',
  minThreads: 0,
  /** A thread without work ends after this long; each takes 60 ms to start and 30 MB. */
  idleTimeout: 30_000,
  resourceLimits: { maxYoungGenerationSizeMb: 8 },
} as const;
export type KeptThreads = typeof KEPT & { readonly maxThreads: number };

const MOST_THREADS = 4;

export interface ThreadPool extends Pool {
  /** Ends the threads; what they were doing fails. */
  close(): Promise<void>;
}

/**
 * A pool over threads, at most one a processor.
 *
 * @param processors - how many this machine has for us.
 * @param open - the threads: piscina over the built `worker.js`, for a thread loads no TypeScript.
 */
export function openThreadPool(
  processors: number,
  open: (kept: KeptThreads) => Threads,
): ThreadPool {
  const width = Math.min(MOST_THREADS, processors);
  const threads = open({ ...KEPT, maxThreads: width });
  return {
    width,
    run: async (job, input, given = []) => {
      const order = { job: job.name, input };
      return valueOf(await threads.run(order, { transferList: movable(given) })) as never;
    },
    close: () => threads.destroy(),
  };
}

/** The value, in the thread that asked. @throws the refusal. */
function valueOf(outcome: Outcome): unknown {
  if ('value' in outcome) return outcome.value;
  const { code, detail, pointer } = outcome;
  throw new HoldfastError(code, detail, pointer === undefined ? {} : { pointer });
}

/** The buffers under some arrays that are nothing but these arrays, so that they may move between threads. */
export function movable(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const look = (item: unknown): void => {
    if (item instanceof Uint8Array) {
      const { buffer } = item;
      if (buffer instanceof ArrayBuffer && buffer.byteLength === item.length) found.add(buffer);
    } else if (typeof item === 'object' && item !== null) Object.values(item).forEach(look);
  };
  look(value);
  return [...found];
}
