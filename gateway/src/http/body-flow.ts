/**
 * Bodies as they come, from senders that may not keep us waiting: one byte now and then would hold a connection, and what
 * is kept for its request, for as long as one likes.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http';
import { HttpRefusal } from './problem.ts';

/** Only the time in which we wait for the sender counts. */
export interface Flow {
  /** For the next bytes, milliseconds. */
  readonly idleMs: number;
  /** For the whole body, milliseconds, beside what its bytes may take. */
  readonly graceMs: number;
  /** The least, slower than any line over which files are sent. */
  readonly bytesPerSecond: number;
}

export const FLOW: Flow = { idleMs: 30_000, graceMs: 30_000, bytesPerSecond: 4_096 };

/** @throws `INPUT_INVALID` (408) where they come too slowly; what the connection throws. */
export async function* flowing(
  message: IncomingMessage,
  flow: Flow,
): AsyncGenerator<Uint8Array, void> {
  // destroying a request would reset the connection before a refusal is sent
  const chunks = message.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  let waitedMs = 0;
  let bytes = 0;
  let isWaiting = false;
  try {
    for (;;) {
      const began = performance.now();
      const allowedMs = flow.graceMs + (bytes / flow.bytesPerSecond) * 1000 - waitedMs;
      isWaiting = true;
      const step = await within(Math.min(flow.idleMs, allowedMs), chunks.next());
      isWaiting = false;
      if (step.done === true) return;
      waitedMs += performance.now() - began;
      const chunk = step.value as Uint8Array;
      bytes += chunk.length;
      yield chunk;
    }
  } finally {
    // what still waits ends with the connection
    if (!isWaiting) await chunks.return?.();
  }
}

async function within<T>(ms: number, coming: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow()), Math.max(0, ms));
  });
  coming.catch(() => undefined);
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}

const tooSlow = (): HttpRefusal =>
  new HttpRefusal('INPUT_INVALID', 'the body does not come, or comes too slowly', {
    status: 408,
    headers: { Connection: 'close' },
  });
