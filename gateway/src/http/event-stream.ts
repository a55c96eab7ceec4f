/**
 * Server-sent events (HTML standard, section 9.2): streams that resume after the last event their reader has seen, are few,
 * and end with their reader, whether it leaves or stands still.
 *
 * @module
 */
import { once } from 'node:events';
import type { Response } from 'express';
import type { Limits } from '../limits.ts';
import { HttpRefusal } from './problem.ts';
import { leaveQueue } from './request-limits.ts';

const HEARTBEAT_MS = 15_000;
/** How long a reader may leave what it was sent, milliseconds: then it is dropped, and resumes when it reads again. */
const STALL_MS = 30_000;
/** For those who come when all streams are taken, seconds. */
const RETRY_SECONDS = 15;

export interface Event {
  readonly id: string;
  readonly name: string;
  /** Becomes JSON. */
  readonly body: unknown;
}

export interface EventStreams {
  /**
   * Answers with events until the reader leaves, stands still, or the gateway stops.
   *
   * @param reader - the owner, or the address of whoever need not say who it is.
   * @param events - to be ended by the signal.
   * @throws `RATE_LIMITED`, before anything is sent.
   */
  send(
    response: Response,
    reader: string,
    events: (signal: AbortSignal) => AsyncIterable<Event>,
  ): Promise<void>;
  /** Streams at the moment. */
  readonly size: number;
}

export interface EventStreamsParts {
  readonly limits: Pick<Limits, 'streams' | 'streamsPerReader'>;
  /** Ends every stream when the gateway stops. */
  readonly signal: AbortSignal;
  readonly heartbeatMs?: number;
  readonly stallMs?: number;
}

/** (Agent) */
export function newEventStreams(parts: EventStreamsParts): EventStreams {
  const { limits, signal, heartbeatMs = HEARTBEAT_MS, stallMs = STALL_MS } = parts;
  const byReader = new Map<string, number>();
  let size = 0;

  function enter(reader: string): void {
    const own = byReader.get(reader) ?? 0;
    if (isReached(limits.streamsPerReader, own)) {
      throw tooMany(`${limits.streamsPerReader} streams of one reader`);
    }
    if (isReached(limits.streams, size)) throw tooMany(`${limits.streams} streams`);
    byReader.set(reader, own + 1);
    size += 1;
  }

  function leave(reader: string): void {
    const left = (byReader.get(reader) ?? 1) - 1;
    if (left === 0) byReader.delete(reader);
    else byReader.set(reader, left);
    size -= 1;
  }

  return {
    async send(response, reader, events) {
      enter(reader);
      leaveQueue(response);
      const gone = new AbortController();
      response.once('close', () => gone.abort());
      const ended = AbortSignal.any([gone.signal, signal]);
      // as it is registered: Express would add a charset
      response.setHeader('Content-Type', 'text/event-stream');
      response.setHeader('Cache-Control', 'no-store');
      if (response.req.method === 'HEAD') {
        response.end();
        leave(reader);
        return;
      }
      response.flushHeaders();
      const heartbeat = setInterval(() => {
        // what waits for a slow reader must not grow
        if (!response.writableNeedDrain) response.write(':\n\n');
      }, heartbeatMs);
      try {
        for await (const event of events(ended)) {
          if (ended.aborted) break;
          if (!response.write(textOf(event))) await drained(response, stallMs, ended);
        }
        response.end();
      } finally {
        clearInterval(heartbeat);
        leave(reader);
      }
    },
    get size() {
      return size;
    },
  };
}

const isReached = (most: number, count: number): boolean => most > 0 && count >= most;

const tooMany = (what: string): HttpRefusal =>
  new HttpRefusal('RATE_LIMITED', `at most ${what} at a time`, {
    headers: { 'Retry-After': String(RETRY_SECONDS) },
  });

/** A reader that does not read is dropped. */
async function drained(response: Response, stallMs: number, ended: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(stallMs);
  try {
    await once(response, 'drain', { signal: AbortSignal.any([ended, late]) });
  } catch {
    if (late.aborted) response.destroy();
  }
}

const textOf = ({ id, name, body }: Event): string =>
  `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(body)}\n\n`;
