/**
 * How whoever fills a stream goes no faster than it is read.
 *
 * @module
 */
import type { Writable } from 'node:stream';

/** Resolves when a stream that was full takes more, or when nobody wants more of it. */
export function drained(
  stream: Pick<Writable, 'once' | 'off'>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    stream.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}
