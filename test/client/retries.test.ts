/** What an owner's requests do on a bad line, or at a gateway that is busy, full or silent. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { newGatewayApi } from '../../client/src/gateway-api.ts';
import { newUploader } from '../../client/src/upload.ts';

const options = { random: (length: number) => new Uint8Array(length), nowMs: Date.now };

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  if (server?.listening === true) await once(server.close(), 'close');
});

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A gateway that answers one request after the other, the last answer again and again; the times of the requests. */
async function gatewayOf(...answers: readonly Answer[]) {
  const times: number[] = [];
  server = createServer((request, response) => {
    const answer = answers[Math.min(times.push(performance.now()), answers.length) - 1];
    request.resume();
    answer?.(response, request);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { api: newGatewayApi({ url: `http://127.0.0.1:${port}`, ...options }), times };
}
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end();
const hangUp: Answer = (_, { socket }) => socket.destroy();
const breakOff: Answer = (response, { socket }) => {
  response.writeHead(200, { 'content-length': '100' }).write('{"alive":');
  setTimeout(() => socket.destroy(), 50);
};

describe('a request', () => {
  it('comes again after a line that broke', async () => {
    const { api, times } = await gatewayOf(hangUp, status(204));
    expect((await api.request('GET', '/v1/files')).status).toBe(204);
    expect(times).toHaveLength(2);
  });

  it('comes again when a busy gateway says, whatever the status', async () => {
    const { api, times } = await gatewayOf(status(409, { 'retry-after': '1' }), status(204));
    expect((await api.request('POST', '/v1/files')).status).toBe(204);
    const [first = 0, second = 0] = times;
    expect(second - first).toBeGreaterThan(900);
  });

  it('whose answer breaks off is one that nobody answered, and no lie', async () => {
    const { api } = await gatewayOf(breakOff);
    const answer = api.call('GET', '/healthz', z.object({ alive: z.boolean() }));
    await expect(answer).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      detail: 'the answer broke off',
    });
  });

  it.each<[string, object]>([
    ['with a status that there is not', { status: 42, headers: {}, answer: null }],
    ['with a body where there is none', { status: 204, headers: {}, answer: 'more' }],
    ['with headers that are none', { status: 200, headers: { 'a b': 'c' }, answer: null }],
  ])('that ends %s is a lie', async (_, ended) => {
    const begun: Answer = (response) =>
      response.writeHead(202, { location: '/v1/tasks/a', 'retry-after': '0' }).end();
    const done = { taskId: 'a', begunAt: '2026-11-21T09:00:00.000Z', state: 'done', ...ended };
    const { api } = await gatewayOf(begun, (response) => response.end(JSON.stringify(done)));
    await expect(api.request('POST', '/v1/files')).rejects.toMatchObject({
      code: 'ANSWER_FALSE',
      detail: 'a task that is none',
    });
  });

  it('waits no longer, all in all, than ten seconds for what a gateway does not reach', async () => {
    const away = (seconds: string): Answer => status(503, { 'retry-after': seconds });
    const { api, times } = await gatewayOf(away('1'), away('10'), status(204));
    const began = performance.now();
    await expect(api.request('GET', '/v1/files')).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
    });
    expect(times).toHaveLength(2);
    expect(performance.now() - began).toBeLessThan(5_000);
    // the control: a wait that ends in time is one
    expect((await api.request('GET', '/v1/files')).status).toBe(204);
  });

  it('says at once what was not reached where it is told to wait for longer', async () => {
    const title = 'The ledger does not answer';
    const told = { type: '/problems/LEDGER_UNREACHABLE', title, status: 503, instance: '/' };
    const detail = 'the envelope: too few orderers answer';
    const { api, times } = await gatewayOf((response) =>
      response
        .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '30' })
        .end(JSON.stringify({ ...told, code: 'LEDGER_UNREACHABLE', detail })),
    );
    await expect(api.request('POST', '/v1/ledger/envelopes')).rejects.toMatchObject({
      code: 'LEDGER_UNREACHABLE',
      detail,
    });
    expect(times).toHaveLength(1);
  });

  it('does not wait for a store that is full', async () => {
    const { api, times } = await gatewayOf(status(507, { 'retry-after': '3600' }));
    await expect(api.request('PUT', '/v1/files')).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
    });
    expect(times).toHaveLength(1);
  });

  it('ends when nobody waits for it any more', async () => {
    const stop = new AbortController();
    const { api } = await gatewayOf(() => stop.abort(new Error('stopped')));
    const asked = api.request('PATCH', '/v1/uploads/a', { signal: stop.signal });
    await expect(asked).rejects.toThrow('stopped');
  });

  it('that finds nothing says so where an answer has no document', async () => {
    const { api } = await gatewayOf(status(404));
    await expect(api.request('HEAD', '/v1/uploads/a')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each(['no address', 'ftp://127.0.0.1', ''])('is not sent to %j', (url) => {
    expect(() => newGatewayApi({ url, ...options })).toThrow('the gateway is no http address');
  });
});

describe('an upload to a gateway that counts wrongly', () => {
  it.each<[string, string]>([
    ['forgets all of it', '0'],
    ['has more than was sent', '11'],
    ['names no number', 'ten'],
    ['names none at all', ''],
  ])('ends where it %s', async (_, offset) => {
    const { api } = await gatewayOf(status(204, offset === '' ? {} : { 'upload-offset': offset }));
    const uploader = newUploader(api, 'a', 0, () => undefined);
    await uploader.write(new Uint8Array(10));
    await expect(uploader.finish()).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
  });

  it('sends nothing where there is nothing', async () => {
    const { api, times } = await gatewayOf(status(204));
    await newUploader(api, 'a', 0, () => undefined).finish();
    expect(times).toEqual([]);
  });
});
