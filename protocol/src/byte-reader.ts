/**
 * Reads exact lengths from a stream whose chunks are as they come.
 *
 * @module
 */
import { HoldfastError } from './errors.ts';

/** A stream being read; `R` is what its iterator returns at its end. */
export interface ByteReader<R> {
  /** The next `length` bytes, copied, into `room` where that is as long; fewer only where the stream ends. */
  read(length: number, room?: Uint8Array): Promise<Uint8Array>;
  /** What the stream returned. @throws `INPUT_INVALID` where bytes are left. */
  finish(): Promise<R>;
  /** Lets the source release what it holds, at its end or before. */
  close(): Promise<void>;
}

export function newByteReader<R>(source: AsyncIterator<Uint8Array, R>): ByteReader<R> {
  let chunk = new Uint8Array() as Uint8Array;
  let result: { readonly value: R } | undefined;
  let total = 0;

  /** Whether there is a byte, pulling a chunk where none is held. */
  async function hasMore(): Promise<boolean> {
    while (chunk.length === 0 && result === undefined) {
      const next = await source.next();
      if (next.done === true) result = { value: next.value };
      else chunk = next.value;
    }
    return chunk.length > 0;
  }

  return {
    async read(length, room) {
      const bytes = room?.length === length ? room : new Uint8Array(length);
      let filled = 0;
      while (filled < length && (await hasMore())) {
        const taken = chunk.subarray(0, length - filled);
        bytes.set(taken, filled);
        chunk = chunk.subarray(taken.length);
        filled += taken.length;
      }
      total += filled;
      return filled === length ? bytes : bytes.slice(0, filled);
    },
    async finish() {
      if ((await hasMore()) || result === undefined) {
        throw new HoldfastError('INPUT_INVALID', `the source goes on after ${total} bytes`);
      }
      return result.value;
    },
    async close() {
      if (result === undefined) await source.return?.();
    },
  };
}
