/** Server-sent events: few, and over when their reader is gone or stands still. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  newEventStreams,
  type Event,
  type EventStreams,
  type EventStreamsParts,
} from '../../gateway/src/http/event-stream.ts';
import { answerProblems } from '../../gateway/src/http/problem.ts';
import { LIMITS } from '../../gateway/src/limits.ts';
import { newLog } from '../../gateway/src/log.ts';
import { newEventReader, type EventReader } from '../support/event-reader.ts';

describe('a stream', () => {
  let server: Server;
  let url: string;
  let streams: EventStreams;
  let events: (signal: AbortSignal) => AsyncIterable<Event>;
  let stopping: AbortController;
  let running: Set<unknown>;

  async function* quiet(signal: AbortSignal): AsyncGenerator<Event> {
    yield { id: '1', name: 'Begun', body: null };
    if (!signal.aborted) await once(signal, 'abort');
  }

  async function open(parts: Partial<EventStreamsParts>): Promise<void> {
    streams = newEventStreams({ limits: LIMITS, signal: stopping.signal, ...parts });
    const app = express();
    app.get('/', (request, response) =>
      streams.send(response, request.get('reader') ?? '', (signal) => events(signal)),
    );
    app.use(answerProblems(newLog('silent')));
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  beforeEach(() => {
    stopping = new AbortController();
    events = quiet;
    running = new Set();
    const [begin, end] = [globalThis.setInterval, globalThis.clearInterval];
    jest.spyOn(globalThis, 'setInterval').mockImplementation(((call: () => void, ms: number) => {
      const timer = begin(call, ms);
      running.add(timer);
      return timer;
    }) as typeof setInterval);
    jest.spyOn(globalThis, 'clearInterval').mockImplementation((timer) => {
      running.delete(timer);
      end(timer);
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    stopping.abort();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const read = async (reader = 'anna') => {
    const answer = await fetch(url, { headers: { reader } });
    return newEventReader(answer);
  };
  const isOver = async (): Promise<void> => {
    while (streams.size > 0 || running.size > 0) await nextTurn();
  };

  it('is one of few for a reader, and one of few altogether', async () => {
    await open({ limits: { streams: 3, streamsPerReader: 2 } });
    const [first] = [await read(), await read()];
    const refused = await fetch(url, { headers: { reader: 'anna' } });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '15']);
    expect(await refused.json()).toMatchObject({ code: 'RATE_LIMITED' });
    expect((await read('ben')).answer.status).toBe(200);
    expect((await read('cleo')).answer.status).toBe(429);
    await first.close();
    while (streams.size > 2) await nextTurn();
    expect((await read()).answer.status).toBe(200);
  });

  it('beats while it is quiet', async () => {
    await open({ heartbeatMs: 5 });
    const answer = await fetch(url);
    const reader = answer.body?.getReader();
    let text = '';
    while (!text.includes(':\n\n:\n\n')) {
      text += new TextDecoder().decode((await reader?.read())?.value as Uint8Array);
    }
    expect(text).toMatch(/^id: 1\nevent: Begun\ndata: null\n\n:\n\n/);
    await reader?.cancel();
  });

  const ends: readonly [string, (reader: EventReader) => Promise<unknown> | void][] = [
    ['its reader leaves', (reader) => reader.close()],
    ['the gateway stops', () => stopping.abort()],
  ];
  it.each(ends)('is over, heartbeat and all, when %s', async (_, end) => {
    await open({ heartbeatMs: 5 });
    const reader = await read();
    await reader.until((seen) => seen.length > 0);
    expect([streams.size, running.size]).toEqual([1, 1]);
    await end(reader);
    await isOver();
  });

  it.each<[string, () => AsyncGenerator<Event>]>([
    // oxlint-disable-next-line require-yield -- the stream ends or fails before its first event
    ['there are no more events', async function* () {}],
    [
      'its events fail',
      async function* () {
        yield { id: '1', name: 'Begun', body: null };
        throw new Error('the ledger is gone');
      },
    ],
  ])('is over, heartbeat and all, when %s', async (_, source) => {
    await open({ heartbeatMs: 5 });
    events = source;
    const answer = await fetch(url);
    await answer.text().catch(() => undefined);
    await isOver();
    expect([streams.size, running.size]).toEqual([0, 0]);
  });

  describe('whose reader does not read', () => {
    const BIG = 'x'.repeat(65_536);
    let made = 0;
    async function* endless(): AsyncGenerator<Event> {
      for (made = 0; made < 4_000; made++) {
        yield { id: String(made), name: 'Big', body: BIG };
        if (made % 20 === 0) await nextTurn();
      }
    }
    const standStill = async (): Promise<Socket> => {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      socket.pause();
      socket.on('error', () => undefined);
      await once(socket, 'connect');
      socket.write(`GET / HTTP/1.1\r\nHost: ${new URL(url).host}\r\nReader: slow\r\n\r\n`);
      return socket;
    };

    it('is dropped, and what waits for it does not grow', async () => {
      await open({ stallMs: 200, heartbeatMs: 1 });
      events = endless;
      const socket = await standStill();
      while (streams.size === 0) await nextTurn();
      await isOver();
      // what a kernel takes for a connection on loopback, and no more
      expect(made).toBeLessThan(400);
      socket.destroy();
    });

    it('would have everything kept for it, as the control shows', async () => {
      await open({});
      const naive = express();
      let waiting = 0;
      naive.get('/', async (_request, response) => {
        for await (const { id, body } of endless())
          response.write(`id: ${id}\ndata: ${String(body)}\n\n`);
        waiting = response.writableLength;
      });
      server.removeAllListeners('request');
      server.on('request', naive);
      const socket = await standStill();
      while (waiting === 0) await nextTurn();
      expect(waiting).toBeGreaterThan(3_000 * BIG.length);
      socket.destroy();
    });
  });
});
