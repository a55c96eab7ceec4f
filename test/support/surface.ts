/** Routes of every kind on a server of their own, whose effects can be seen and held up. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { once as emitted } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { type RequestHandler } from 'express';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { sendBytes } from '../../gateway/src/http/byte-answer.ts';
import { sends, takesBytes } from '../../gateway/src/http/byte-route.ts';
import { readWhole } from '../../gateway/src/http/content-digest.ts';
import { newIdempotency, type KeptAnswer } from '../../gateway/src/http/idempotency.ts';
import { reads, takesJson } from '../../gateway/src/http/json-route.ts';
import { mount } from '../../gateway/src/http/mount.ts';
import { answerProblems } from '../../gateway/src/http/problem.ts';
import { newRequestLimits } from '../../gateway/src/http/request-limits.ts';
import type { Route } from '../../gateway/src/http/route.ts';
import { tasksRoutes } from '../../gateway/src/http/routes/tasks.ts';
import { newTasks, type KeptTask } from '../../gateway/src/http/tasks.ts';
import { UNLIMITED } from '../../gateway/src/limits.ts';
import { newLog } from '../../gateway/src/log.ts';
import { openStore, type Store } from '../../gateway/src/store.ts';

const BYTES = Buffer.from('0123456789');
export const ETAG = '"root.1"';
/** Requests of one owner. */
export const AT_ONCE = 8;
const log = newLog('silent');

type Headers = Readonly<Record<string, string>>;

export interface Surface {
  /** What had an effect, in order. */
  readonly effects: string[];
  ask(path: string, headers?: Headers, method?: string): Promise<Response>;
  /** POST of JSON; `no` is refused. */
  say(said: string, headers?: Headers, signal?: AbortSignal): Promise<Response>;
  /** POST of this body, said to be JSON. */
  post(body: string, headers?: Headers, signal?: AbortSignal): Promise<Response>;
  /** PUT of bytes. */
  keep(body: string | ReadableStream, headers?: Headers): Promise<Response>;
  /** Whoever has an effect waits from now on. */
  hold(): void;
  release(): void;
  close(): Promise<void>;
}

export async function newSurface(): Promise<Surface> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-surface-'));
  const store = await openStore(folder);
  const effects: string[] = [];
  let release = (): void => undefined;
  let gate = Promise.resolve();
  const app = express().set('etag', false);
  const declared = routes(store, effects, () => gate);
  const limits = newRequestLimits({ ...UNLIMITED, ownerAtOnce: AT_ONCE }, Date.now);
  mount(app, declared, { open: () => [], owner: [believed, limits.owner] });
  app.use(answerProblems(log));
  const server = createServer(app).listen(0, '127.0.0.1');
  await emitted(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post: Surface['post'] = (body, headers = {}, signal) =>
    fetch(`${url}/v1/say`, {
      ...(signal === undefined ? {} : { signal }),
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  return {
    effects,
    ask: (path, headers = {}, method = 'GET') => fetch(`${url}${path}`, { method, headers }),
    post,
    say: (said, headers, signal) => post(JSON.stringify({ said }), headers, signal),
    keep: (body, headers = {}) =>
      fetch(`${url}/v1/keep`, { method: 'PUT', headers, body, duplex: 'half' } as RequestInit),
    hold() {
      gate = new Promise((resolve) => (release = resolve));
    },
    release: () => release(),
    async close() {
      server.closeAllConnections();
      server.close();
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function routes(store: Store, effects: string[], gate: () => Promise<void>): Route[] {
  const nowMs = Date.now;
  const once = newIdempotency({ answers: store.table<KeptAnswer>('answers'), nowMs });
  const tasks = newTasks({ kept: store.table<KeptTask>('tasks'), withinMs: 400, nowMs, log });
  const parts = { once, tasks };
  const said = z.strictObject({ said: z.string() });
  const own = { who: 'owner', summary: 'x' } as const;
  return [
    reads({ ...own, path: '/v1/facts', answer: said }, () => ({ said: 'ten' })),
    sends(
      { ...own, path: '/v1/bytes', type: 'application/octet-stream', hasRanges: true },
      (call) =>
        sendBytes(call.request, call.response, {
          etag: ETAG,
          type: 'application/octet-stream',
          open: () =>
            Promise.resolve({ size: 10, read: (range) => part(range?.start, range?.end) }),
        }),
    ),
    sends({ ...own, path: '/v1/open', type: 'application/vnd.x', hasRanges: false }, (call) =>
      sendBytes(call.request, call.response, {
        etag: ETAG,
        type: 'application/vnd.x',
        open: () => Promise.resolve({ read: () => part() }),
      }),
    ),
    takesJson(
      parts,
      { ...own, method: 'post', path: '/v1/say', body: said, status: 201, answer: said },
      async ({ body }) => {
        effects.push(body.said);
        await gate();
        if (body.said === 'no') throw new HoldfastError('NOT_DUE', 'not yet');
        return { body, headers: { Location: '/v1/facts' } };
      },
    ),
    takesBytes(
      parts,
      { ...own, method: 'put', path: '/v1/keep', most: 100, status: 204, answer: null },
      async ({ open }) => {
        effects.push(Buffer.from(await readWhole(open(100))).toString());
        await gate();
        return {};
      },
    ),
    ...tasksRoutes({ tasks }),
  ];
}

async function* part(start = 0, end = 10): AsyncGenerator<Uint8Array> {
  yield BYTES.subarray(start, end);
}

/** Whoever names itself is believed: who asks is not the matter here. */
const believed: RequestHandler = (request, response, next) => {
  const name = request.get('x-owner') ?? 'anna';
  response.locals['caller'] = { ownerId: name, keyId: name };
  next();
};
