/**
 * Worker threads as a pool for the protocol's jobs.
 *
 * @module
 */
import { availableParallelism } from 'node:os';
import { poolOver, type Order, type Outcome } from '@holdfast/protocol/jobs.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import { Piscina } from 'piscina';

const MOST_THREADS = 4;
/** A thread without work ends after this long; each takes 60 ms to start and 30 MB. */
const IDLE_MS = 30_000;

export interface WorkerPool extends Pool {
  /** Ends the threads; what they were doing fails. */
  close(): Promise<void>;
}

/**
 * Threads that start when there is work, at most one a processor. They keep no process alive.
 *
 * @param worker - `worker.js` as built: a thread cannot load TypeScript.
 */
export function openWorkerPool(worker: URL): WorkerPool {
  const width = Math.min(MOST_THREADS, availableParallelism());
  const threads = new Piscina<Order, Outcome>({
    filename: worker.href,
    name: 'run',
    minThreads: 0,
    maxThreads: width,
    idleTimeout: IDLE_MS,
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  return {
    ...poolOver(width, (order, moved) => threads.run(order, { transferList: moved })),
    close: () => threads.destroy(),
  };
}
