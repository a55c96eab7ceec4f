/** Attacks by whoever asks too much, sends too slowly or does not read, so that others get nothing. */
import { newGatewayStage } from '../support/gateway-stage.ts';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import express, { type Express } from 'express';
import { describe, expect, it } from '@jest/globals';
import { stream } from '../../gateway/src/http/byte-answer.ts';
import { FLOW, type Flow } from '../../gateway/src/http/body-flow.ts';
import { streamOf } from '../../gateway/src/http/content-digest.ts';
import { newEventStreams, type Event } from '../../gateway/src/http/event-stream.ts';
import { answerProblems } from '../../gateway/src/http/problem.ts';
import { newRequestLimits } from '../../gateway/src/http/request-limits.ts';
import type * as servers from '../../gateway/src/http/server.ts';
import { UNLIMITED, type Limits } from '../../gateway/src/limits.ts';
import { newLog } from '../../gateway/src/log.ts';
import { attack, outcomeOf } from '../support/attack.ts';
import { variantOf } from '../support/attack-variant.ts';
import { SERVED, serving, type Served } from '../support/served.ts';
import { newBareOwner, newRequest } from '../support/gateway-owner.ts';

/** Sends this and no more. */
function begin({ port, host }: URL, request: string): Socket {
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(`${request} HTTP/1.1\r\nHost: ${host}\r\n`);
  return socket;
}

/** Requests that take turns at what only one of them can have at a time, as CPU. */
function newBusy() {
  let queue: Promise<unknown> = Promise.resolve();
  return (turns: number): Promise<unknown> =>
    (queue = queue.then(async () => {
      for (let turn = 0; turn < turns; turn++) await nextTurn();
    }));
}

const WORK = 50;
/** A gateway of two owners, each request of which takes its time. */
function twoOwners(limits: Limits): Express {
  const app = express();
  const busy = newBusy();
  const { owner } = newRequestLimits(limits, () => performance.now());
  app.use((request, response, next) => {
    response.locals['caller'] = { ownerId: request.get('owner') };
    next();
  });
  app.get('/', owner, async (_request, response) => {
    await busy(WORK);
    response.send('served');
  });
  app.use(answerProblems(newLog('silent')));
  return app;
}

/** How many requests of the noisy one were served before the quiet one's. */
const servedBefore = (app: Express): Promise<number> =>
  serving(SERVED, app, async (url) => {
    let served = 0;
    const noisy = Array.from({ length: 200 }, async () => {
      const answer = await fetch(url, { headers: { owner: 'noisy' } });
      await answer.text();
      if (answer.status === 200) served++;
      else expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    });
    // it comes when the other's are all there
    const quiet = fetch(url, { headers: { owner: 'quiet' } }).then(async (answer) => {
      expect([answer.status, await answer.text()]).toEqual([200, 'served']);
      return served;
    });
    const before = await quiet;
    await Promise.all(noisy);
    return before;
  });

/** Another owner asks, too. */
async function crowdedOut(limits: Limits) {
  const before = await servedBefore(twoOwners(limits));
  const words = `waited for ${before} requests`;
  return outcomeOf(before > 100, words, words);
}

attack<Limits>({
  id: 'T53',
  attack: 'an owner asks so much that another has to wait',
  defence: 'a quota of requests for each owner',
  defended: () => ({ ...UNLIMITED, ownerPerMinute: 20 }),
  undefended: () => UNLIMITED,
  run: crowdedOut,
});

attack<Limits>({
  id: 'T53',
  attack: 'an owner has so many requests answered at once that another has to wait',
  defence: 'a number of requests answered at once for each owner',
  defended: () => ({ ...UNLIMITED, ownerAtOnce: 8 }),
  undefended: () => UNLIMITED,
  run: crowdedOut,
});

attack<Flow>({
  id: 'T53',
  attack: 'a body that trickles in keeps a request for as long as one likes',
  defence: 'a least rate, counted while the sender is waited for',
  defended: () => ({ idleMs: 10_000, graceMs: 100, bytesPerSecond: 4_096 }),
  undefended: () => ({ idleMs: 10_000, graceMs: 1_000_000, bytesPerSecond: 0.001 }),
  run: (flow) => trickling(flow, 20),
});

attack<Flow>({
  id: 'T53',
  attack: 'a body that stands still keeps a request for as long as one likes',
  defence: 'a time for the next bytes',
  defended: () => ({ ...FLOW, idleMs: 100 }),
  undefended: () => ({ idleMs: 1_000_000, graceMs: 1_000_000, bytesPerSecond: 4_096 }),
  run: (flow) => trickling(flow, 600),
});

/** A byte each so many milliseconds, for half a second. */
function trickling(flow: Flow, everyMs: number) {
  const app = express();
  app.put('/', async (request, response) => {
    for await (const _ of streamOf(request, response, 1_000, flow).bytes);
    response.send('taken');
  });
  app.use(answerProblems(newLog('silent')));
  return serving(SERVED, app, async (url) => {
    const socket = begin(url, 'PUT /');
    socket.write('Content-Length: 1000\r\n\r\n');
    let answer = '';
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
    const trickle = setInterval(() => socket.write('x'), everyMs);
    const closed = once(socket, 'close').then(() => false);
    const patience = new Promise<boolean>((resolve) => setTimeout(resolve, 500, true));
    const isOpen = await Promise.race([closed, patience]);
    clearInterval(trickle);
    socket.destroy();
    if (!isOpen) expect(answer).toMatch(/^HTTP\/1.1 408 [^]*"code":"INPUT_INVALID"/);
    return outcomeOf(isOpen, 'open after half a second', answer.slice(0, 12));
  });
}

attack<number>({
  id: 'T53',
  attack: 'a download that is not read keeps what it reads from open',
  defence: 'a time for what was sent to be read',
  defended: () => 100,
  undefended: () => 0,
  run(stallMs) {
    let isOver = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(65_536);
      } finally {
        isOver = true;
      }
    }
    const app = express();
    app.get('/', (_request, response) => stream(endless(), response, stallMs));
    return serving(SERVED, app, async (url) => {
      const socket = begin(url, 'GET /');
      socket.write('\r\n');
      socket.pause();
      const patience = new Promise((resolve) => setTimeout(resolve, 700));
      await patience;
      const isOpen = !isOver;
      socket.destroy();
      return outcomeOf(isOpen, 'open after 0.7 s', 'ended by the server');
    });
  },
});

attack<Served>({
  id: 'T53',
  attack: 'streams asked for on one connection and left keep their places for ever',
  defence: 'the requests of a connection are begun in their turn',
  defended: () => SERVED,
  undefended: async () => {
    const { newHttpServer } = await variantOf<typeof servers>('gateway/src/http/server.ts', {
      file: 'gateway/src/http/in-turn.ts',
      from: 'const isFree = before === undefined || before.last.closed;',
      to: 'const isFree = true;',
    });
    return { ...SERVED, newServer: newHttpServer };
  },
  async run(world) {
    const stopping = new AbortController();
    const streams = newEventStreams({ limits: UNLIMITED, signal: stopping.signal });
    const app = express();
    app.get('/', (_request, response) => streams.send(response, 'anybody', endlessly));
    return serving(world, app, async (url) => {
      const socket = begin(url, 'GET /');
      socket.write('\r\n');
      for (let i = 1; i < 8; i++) socket.write(`GET / HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
      await once(socket, 'data');
      socket.destroy();
      const end = performance.now() + 500;
      while (streams.size > 0 && performance.now() < end) await nextTurn();
      const words = `${streams.size} streams that nobody reads`;
      stopping.abort();
      return outcomeOf(streams.size > 0, words, words);
    });
  },
});

/** One event, then nothing until its reader has gone. */
async function* endlessly(signal: AbortSignal): AsyncGenerator<Event> {
  yield { id: '1', name: 'Begun', body: null };
  if (!signal.aborted) await once(signal, 'abort');
}

describe('a gateway', () => {
  it('tells owner and address what is left to them, and counts nobody for what it has not shown', async () => {
    const limits = { ...UNLIMITED, ownerPerMinute: 30, addressPerMinute: 60, accountsPerHour: 2 };
    const stage = await newGatewayStage({ limits });
    try {
      const url = stage.url();
      const headersOf = (answer: Response) => [
        answer.status,
        answer.headers.get('ratelimit-policy'),
        answer.headers.get('ratelimit'),
      ];
      const anna = await newBareOwner(url, 1);
      const ben = await newBareOwner(url, 2);
      // asked bare: a client would come again until its patience ends
      const third = await fetch(`${url}/v1/accounts`, {
        method: 'POST',
        body: JSON.stringify({ custody: 'owner', csr: await newRequest(3) }),
        headers: { 'content-type': 'application/json' },
      });
      expect(await third.json()).toMatchObject({
        code: 'RATE_LIMITED',
        detail: expect.stringContaining('"accounts"'),
      });
      expect(third.status).toBe(429);
      // somebody writes Anna's key on requests that she did not sign
      const forged = await Promise.all(
        Array.from({ length: 70 }, () =>
          fetch(`${url}/v1/files`, {
            headers: {
              'signature-input': `sig=("@method" "@target-uri");created=${Math.floor(Date.now() / 1000)};expires=${Math.floor(Date.now() / 1000) + 50};nonce="0123456789abcdef";keyid="${anna.ownerId}"`,
              signature: 'sig=:AAAA:',
            },
          }),
        ),
      );
      const statuses = forged.map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([403, 429]));
      // the address has no more; who shows that it is Anna has all of hers
      expect((await fetch(`${url}/v1/network`)).status).toBe(429);
      const first = await anna.send('GET', '/v1/files');
      expect(headersOf(first)).toEqual([200, '"owner";q=30;w=60', '"owner";r=29;t=1']);
      const all = await Promise.all(
        Array.from({ length: 40 }, () => anna.send('GET', '/v1/files')),
      );
      expect(all.some(({ status }) => status === 429)).toBe(true);
      const refused = all.find(({ status }) => status === 429);
      const [, seconds] =
        /^"owner";r=0;t=([12])$/.exec(refused?.headers.get('ratelimit') ?? '') ?? [];
      expect(refused?.headers.get('retry-after')).toBe(seconds);
      expect(await refused?.json()).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
      expect((await ben.send('GET', '/v1/files')).status).toBe(200);
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      // time gives it back
      stage.pass(60_000);
      expect((await anna.send('GET', '/v1/files')).status).toBe(200);
      expect((await fetch(`${url}/v1/network`)).status).toBe(200);
    } finally {
      await stage.close();
    }
  }, 120_000);
});
