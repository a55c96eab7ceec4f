/** The reference against the gateway that serves it: the routes it really has, and what it really answers. */
import { newGatewayStage, type GatewayStage } from '../support/gateway-stage.ts';
import { Server } from 'node:http';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fromHex, hex } from '@holdfast/protocol/bytes.js';
import { managedFileAnswer } from '@holdfast/protocol/custody-messages.js';
import { auditList, challengeAnswer, repairAnswer } from '@holdfast/protocol/file-messages.js';
import { fileId as fileIdOf } from '@holdfast/protocol/ids.js';
import { task } from '@holdfast/protocol/task-messages.js';
import { uploadAnswer } from '@holdfast/protocol/upload-messages.js';
import { newGatewayApi } from '../../client/src/gateway-api.ts';
import type { StoredFile } from '../../client/src/put-request.ts';
import type { Reference } from '../../gateway/src/http/openapi.ts';
import { newCheck, operationsOf, watchAnswers, type Watch } from '../support/documented.ts';
import { routesIn } from '../support/express-routes.ts';
import { newBareOwner, newFullOwner, newSender, type FullOwner } from '../support/gateway-owner.ts';
import { newBasicSender } from '../support/managed-owner.ts';
import { describeKeys } from '../suites/idempotency-suite.ts';
import { ownersView } from '../support/owners-view.ts';
import { seededRandom } from '../support/property.ts';

const PASSWORD = 'granite-otter-walnut-velvet-orbit-lemon-tide';
const BLOCK = 65_536;
const TUS = { 'tus-resumable': '1.0.0' };
const random = seededRandom(3);

let stage: GatewayStage;
let servers: Server[];
let reference: Reference;
let watch: Watch;
let docs: Response;
let page: string;
let anna: FullOwner;
let file: StoredFile;
const { ask, json } = newBasicSender(
  () => stage.url(),
  () => ({ name: 'ben', password: PASSWORD }),
);

beforeAll(async () => {
  servers = await listening(async () => (stage = await newGatewayStage()));
  reference = (await (await fetch(`${stage.url()}/openapi.json`)).json()) as Reference;
  docs = await fetch(`${stage.url()}/docs`);
  page = await docs.text();
  watch = watchAnswers(reference, stage.url());
  anna = await newFullOwner(stage.url());
  const bytes = random(1_000);
  const source = { size: 1_000, modifiedAt: 0, key: 'letter', open: () => pieces(bytes) };
  file = await anna.owner.put('letter', source, { blockSize: BLOCK });
}, 120_000);
afterAll(async () => {
  watch.end();
  await stage.close();
});

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The servers that begin to listen meanwhile. */
async function listening(work: () => Promise<unknown>): Promise<Server[]> {
  const spy = jest.spyOn(Server.prototype, 'listen');
  await work();
  const found = [...spy.mock.contexts] as unknown as Server[];
  spy.mockRestore();
  return found;
}

const path = (rest = '') => `/v1/files/${file.fileId}${rest}`;
const get = async (address: string, init?: RequestInit) =>
  (await fetch(`${stage.url()}${address}`, init)).status;
const signed = async (method: string, address: string, body?: unknown) =>
  (await anna.json(method, address, body)).status;
const statusOf = async (answer: Promise<Response>): Promise<number> => (await answer).status;

describe('the reference', () => {
  it('is an OpenAPI 3.1 document, as a validator of others has it', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(
      structuredClone(reference) as unknown as Record<string, unknown>,
    );
    expect([validator.version, valid, errors]).toEqual(['3.1', true, undefined]);
    const { paths: _, ...without } = reference;
    const broken = { ...without, paths: { '/x': { get: { responses: 7 } } } };
    expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
  });

  it('has the routes that Express has, no more and no fewer', () => {
    const routes = servers.flatMap(routesIn);
    expect(routes.toSorted()).toEqual(operationsOf(reference).toSorted());
  });

  it('gives every operation a name of its own', () => {
    const names = Object.values(reference.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it('is a page without scripts, with every operation and nothing from elsewhere', () => {
    expect(docs.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    );
    expect(page).not.toMatch(/<script|https?:\/\/|<link|<img|@import|url\(/i);
    for (const methods of Object.values(reference.paths)) {
      for (const { operationId } of Object.values(methods)) {
        expect(page).toContain(`<details id="${operationId}">`);
      }
    }
    const linked = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => `id="${id}"`);
    expect(linked.filter((id) => !page.includes(id))).toEqual([]);
  });
});

let tagKeyId = '';
beforeAll(async () => {
  ({ tagKeyId } = await ownersView(stage, anna.owner.ownerId));
});
describeKeys(() => ({ url: stage.url(), anna, tagKeyId }));

describe('answers', () => {
  it('to anybody are as the reference says', async () => {
    for (const address of ['/healthz', '/readyz', '/metrics', '/docs', '/openapi.json']) {
      expect([address, await get(address)]).toEqual([address, 200]);
    }
    for (const address of ['/problems/NOT_FOUND', '/v1/network', '/v1/nodes?limit=2']) {
      expect([address, await get(address)]).toEqual([address, 200]);
    }
    expect(await get(`/v1/ledger/transactions/${file.transactionId}`)).toBe(200);
    expect(await get(`/v1/ledger/blocks/${file.ledgerBlockNumber}`)).toBe(200);
    for (const address of ['/v1/uploads', '/v1/uploads/x']) {
      expect(await get(address, { method: 'OPTIONS' })).toBe(204);
    }
    const leaving = new AbortController();
    const headers = { accept: 'text/event-stream' };
    expect(await get('/v1/ledger/events', { headers, signal: leaving.signal })).toBe(200);
    leaving.abort();
    expect(await get('/problems/NONE')).toBe(404);
    expect(await get('/v1/nodes?limit=0')).toBe(400);
    expect(await get('/v1/nodes', { method: 'DELETE' })).toBe(405);
    expect(await get('/v1/network', { headers: { accept: 'text/csv' } })).toBe(406);
    expect(await get('/v1/files')).toBe(403);
    expect(watch.faults).toEqual([]);
  });

  it('about files whose keys are their owner’s', async () => {
    while (auditList.parse((await anna.json('GET', path('/audits'))).body).items.length === 0) {
      stage.pass(30_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const rest of ['', '/manifest', '/tags', '/leaves', '/card', '/car']) {
      const answer = await anna.send('GET', path(rest));
      expect([rest, answer.status, (await answer.arrayBuffer()).byteLength > 0]).toEqual([
        rest,
        200,
        true,
      ]);
    }
    for (const rest of ['/status', '/audits', '/blocks', '/shares']) {
      expect([rest, await signed('GET', path(rest))]).toEqual([rest, 200]);
    }
    for (const address of ['/v1/files', '/v1/alerts']) {
      expect([address, await signed('GET', address)]).toEqual([address, 200]);
    }
    expect(await signed('POST', path('/challenges'), { blocks: 'all' })).toBe(200);
    const repair = { node: file.nodes[0], uids: [0] };
    expect(await signed('POST', path('/repair'), repair)).toBe(200);
    expect(await signed('DELETE', path())).toBe(403);
    expect(await signed('GET', '/v1/files/xyz/status')).toBe(400);
    expect(await statusOf(anna.send('HEAD', path()))).toBe(200);
    expect(await statusOf(anna.send('GET', path(), { headers: { range: 'bytes=1-2' } }))).toBe(206);
    expect(await statusOf(anna.send('GET', path(), { headers: { range: 'bytes=9999999-' } }))).toBe(
      416,
    );
    expect(watch.faults).toEqual([]);
  }, 120_000);

  it('about an upload', async () => {
    const fileId = hex(fileIdOf(fromHex(anna.owner.ownerId), random(32)));
    const sizes = { blockSize: BLOCK, paddedSize: BLOCK, manifestSize: 100 };
    const request = { fileId, tagKeyId, ...sizes, firstUid: 0, taggedAt: 1, padding: true };
    const opened = await anna.json('POST', '/v1/uploads', request);
    const address = `/v1/uploads/${uploadAnswer.parse(opened.body).uploadId}`;
    expect(await statusOf(anna.send('HEAD', address, { headers: TUS }))).toBe(200);
    const type = 'application/offset+octet-stream';
    const headers = { ...TUS, 'content-type': type, 'upload-offset': '0' };
    expect(await statusOf(anna.send('PATCH', address, { body: random(10), headers }))).toBe(204);
    const later = { body: random(10), headers: { ...headers, 'upload-offset': '3' } };
    expect(await statusOf(anna.send('PATCH', address, later))).toBe(409);
    expect(await statusOf(anna.send('DELETE', address, { headers: TUS }))).toBe(204);
    expect(await statusOf(anna.send('HEAD', address, { headers: TUS }))).toBe(404);
    expect(watch.faults).toEqual([]);
  });

  it('about files whose keys the agent keeps', async () => {
    const account = { name: 'ben', password: PASSWORD, custody: 'agent' };
    expect(await statusOf(json('/v1/accounts', 'POST', account))).toBe(201);
    expect(await statusOf(json('/v1/accounts', 'POST', account))).toBe(409);
    const stored = await ask('/v1/files/note.txt', { method: 'PUT', body: 'hello' });
    const address = `/v1/files/${managedFileAnswer.parse(await stored.json()).fileId}`;
    expect(await (await ask(address)).text()).toBe('hello');
    expect(await statusOf(ask('/v1/files?limit=1'))).toBe(200);
    expect(await statusOf(ask(`${address}/status`))).toBe(200);
    expect(await statusOf(ask(`${address}/challenges`, { method: 'POST' }))).toBe(202);
    expect(await statusOf(ask(address, { method: 'DELETE' }))).toBe(200);
    expect(await statusOf(ask(address))).toBe(404);
    expect(await statusOf(json('/v1/accounts/password', 'PUT', { password: 'short' }))).toBe(400);
    const other = 'pepper-cobalt-hazel-lantern-quartz-mango-ridge';
    expect(await statusOf(json('/v1/accounts/password', 'PUT', { password: other }))).toBe(204);
    expect(await statusOf(ask('/v1/files'))).toBe(401);
    expect(watch.faults).toEqual([]);
  }, 120_000);

  it('that take long are tasks, which end with the answer', async () => {
    await stage.stop();
    watch.end();
    await stage.start({ answerWithinMs: 0 });
    watch = watchAnswers(reference, stage.url(), watch.seen);
    const sender = newSender(stage.url(), anna.key);
    const api = newGatewayApi({ url: stage.url(), key: anna.key, random, nowMs: Date.now });
    const wanted = { json: { blocks: 'all' } };
    const { now } = await api.call('POST', path('/challenges'), challengeAnswer, wanted);
    expect(now.verdict).toBe('intact');
    const elsewhere = api.call('POST', path('/repair'), repairAnswer, {
      json: { node: 'birch-9', uids: [0] },
    });
    await expect(elsewhere).rejects.toMatchObject({ code: 'NOT_FOUND', pointer: '/node' });
    const headers = { 'idempotency-key': 'one-and-the-same' };
    const body = JSON.stringify({ blocks: 'all' });
    const send = () => sender.send('POST', path('/challenges'), { body, headers });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status]).toEqual([202, expect.any(Number)]);
    const address = first.headers.get('location') ?? '';
    expect(task.parse(await first.json())).toMatchObject({ state: 'running' });
    const ended = async () => task.parse((await sender.json('GET', address)).body);
    while ((await ended()).state === 'running') await new Promise((next) => setTimeout(next, 50));
    expect(await ended()).toMatchObject({
      state: 'done',
      status: 200,
      answer: { now: { verdict: 'intact' } },
    });
    const ben = await newBareOwner(stage.url(), 9);
    expect((await ben.json('GET', address)).status).toBe(404);
    await stage.stop();
    await stage.start();
    const again = newSender(stage.url(), anna.key);
    expect((await again.json('GET', address)).body).toMatchObject({ state: 'done' });
    expect(watch.faults).toEqual([]);
  }, 120_000);

  it('have been good once from every operation', () => {
    const good = new Set(
      [...watch.seen].filter((name) => / 2\d\d$/.test(name)).map((name) => name.slice(0, -4)),
    );
    expect(operationsOf(reference).filter((name) => !good.has(name))).toEqual([]);
  });

  it('would be found out where they differed', async () => {
    const check = newCheck(reference);
    const faultOf = async (body: object, status = 200, method = 'get') => {
      const headers = { 'content-type': 'application/json', etag: '"x"' };
      const answer = new Response(JSON.stringify(body), { status, headers });
      return (await check(method, '/healthz', answer)).fault;
    };
    expect(await faultOf({ alive: true })).toBeUndefined();
    expect(await faultOf({ alive: true, since: 1 })).toMatch('additional properties');
    expect(await faultOf({ alive: 'yes' })).toMatch('boolean');
    expect(await faultOf({ alive: true }, 201)).toBe('not in the reference');
    expect(await faultOf({ alive: true }, 200, 'post')).toBe('not in the reference');
  });
});
