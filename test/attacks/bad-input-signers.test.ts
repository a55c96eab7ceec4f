/** Requests that are signed badly, or by somebody else, at every route of a whole gateway. */
import {
  newBadInputStage,
  type BadInputStage,
  id,
  JSON_ROUTES,
  OWNERS_ROUTES,
  PART,
  random,
  TUS,
} from '../support/bad-input-stage.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { signRequest } from '../../client/src/request-signature.ts';
import { pointerOf, refusalIn } from '../support/bad-requests.ts';

let bad: BadInputStage;
beforeAll(async () => {
  bad = await newBadInputStage();
}, 120_000);
afterAll(() => bad.close());

beforeEach(() => bad.remember());
afterEach(() => bad.expectUnchanged());

describe('a request that is not signed as it should be', () => {
  const every = (): readonly (readonly [path: string, method: string])[] => [
    ...JSON_ROUTES.filter((route) => route !== '/v1/accounts').map((r) => [r, 'POST'] as const),
    ...OWNERS_ROUTES.flatMap(([path, methods]) => methods.map((m) => [path, m] as const)),
  ];
  const bodyFor = (method: string) => (['GET', 'DELETE'].includes(method) ? {} : { body: '{}' });

  async function signedAt(nowMs: number, path: string, method: string) {
    const { body } = { body: undefined, ...bodyFor(method) };
    const url = new URL(bad.at(path), bad.url);
    const type = method === 'POST' ? { 'content-type': 'application/json' } : PART;
    const unsigned = { method, url, headers: { ...type } };
    const all = body === undefined ? unsigned : { ...unsigned, body: Buffer.from(body) };
    return {
      url,
      method,
      body: body ?? null,
      headers: await signRequest(all, bad.anna.key, nowMs, random),
    };
  }

  it('is refused at every route', async () => {
    for (const [path, method] of every()) {
      const { url, ...good } = await signedAt(Date.now(), path, method);
      const { Signature: signature = '', ...unsigned } = good.headers;
      const bytes = Buffer.from(signature.slice(5, -1), 'base64');
      bytes[7] = (bytes[7] ?? 0) ^ 1;
      const late = await signedAt(Date.now() - 70_000, path, method);
      const wrong: Readonly<Record<string, Readonly<Record<string, string>>>> = {
        unsigned,
        'signed by nobody': { ...unsigned, Signature: 'sig=:AAAA:' },
        forged: { ...unsigned, Signature: `sig=:${bytes.toString('base64')}:` },
        expired: late.headers,
        garbled: { ...good.headers, 'Signature-Input': 'sig=("@method' },
      };
      for (const [what, headers] of Object.entries(wrong)) {
        const refusal = await refusalIn(await fetch(url, { ...good, headers }));
        expect([path, method, what, refusal.code]).toEqual([path, method, what, 'NOT_ALLOWED']);
      }
    }
  });

  it('is refused when it is sent again', async () => {
    const { url, ...request } = await signedAt(Date.now(), '/v1/files', 'GET');
    expect((await fetch(url, request)).status).toBe(200);
    expect((await refusalIn(await fetch(url, request))).code).toBe('NOT_ALLOWED');
  });

  it('is refused with a body that is not the one signed, at every route that takes one', async () => {
    for (const [path, method] of every()) {
      if (['GET', 'DELETE'].includes(method) || path.includes('tag-keys')) continue;
      const size = sizeAt(path);
      const body = new Uint8Array(size).fill(0x20);
      const sent = body.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
      const headers = method === 'PATCH' ? { ...PART, 'upload-offset': '0' } : {};
      const refusal = await refusalIn(
        await bad.anna.send(method, bad.at(path), { body, sent, headers }),
      );
      expect([path, refusal.code, pointerOf(refusal)]).toEqual([
        path,
        'INPUT_INVALID',
        '/Content-Digest',
      ]);
    }
  });

  const sizeAt = (path: string): number =>
    path.endsWith('/tags') ? 96 : path.endsWith('/card') ? 512 : 100;
});

describe("somebody else's objects", () => {
  it('are refused to another owner at every route', async () => {
    const posts = JSON_ROUTES.filter((route) => /FILE|UPLOAD/.test(route));
    const all = [...posts.map((route) => [route, ['POST']] as const), ...OWNERS_ROUTES];
    for (const [path, methods] of all) {
      if (!/FILE|UPLOAD/.test(path)) continue;
      for (const method of methods) {
        const body = method === 'POST' ? JSON.stringify(bad.sample(path)) : new Uint8Array(96);
        const request = ['GET', 'DELETE'].includes(method) ? {} : { body };
        const headers = method === 'PATCH' ? { ...PART, 'upload-offset': '0' } : TUS;
        const answer = await bad.ben.send(method, bad.at(path), { ...request, headers });
        const { code, detail } = await refusalIn(answer);
        expect([method, path, code, detail]).toEqual([method, path, 'NOT_ALLOWED', detail]);
      }
    }
  });

  it('are not relayed for, and not opened', async () => {
    const upload = bad.sample('/v1/uploads');
    const opened = await refusalIn(
      await bad.ben.send('POST', '/v1/uploads', {
        body: JSON.stringify({ ...upload, fileId: id }),
      }),
    );
    expect(opened.code).toBe('NOT_ALLOWED');
  });
});
