/** Bodies of requests over a real connection. */
import { createHash } from 'node:crypto';
import { createServer, request as newRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { bodyOf, claimedDigest, readWhole } from '../../gateway/src/http/content-digest.ts';
import { answerProblems } from '../../gateway/src/http/problem.ts';
import { newLog } from '../../gateway/src/log.ts';
import { codeOf } from '../support/refusal.ts';

const MOST = 1_000;
let server: Server;
beforeAll(async () => {
  const app = express();
  app.put('/', async (request, response) => {
    const whole = await readWhole(bodyOf(request, response, MOST));
    response.json({ length: whole.length });
  });
  app.use(answerProblems(newLog('silent')));
  server = createServer(app).on('checkContinue', app);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});
afterAll(
  () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    }),
);

const digestOf = (body: string): string =>
  `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

interface Answer {
  readonly status: number | undefined;
  readonly body: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
  readonly wasToldToContinue: boolean;
}

/** Puts a body with these headers, as they are. */
function put(body: string, headers: Record<string, string | number>): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    let wasToldToContinue = false;
    const sending = newRequest({ port, host: '127.0.0.1', method: 'PUT', path: '/', headers });
    sending.on('continue', () => {
      wasToldToContinue = true;
    });
    sending.on('error', reject);
    sending.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>,
          wasToldToContinue,
        }),
      );
    });
    sending.end(body);
  });
}

const lengthOf = (body: string) => ({ 'Content-Length': Buffer.byteLength(body) });

describe('a body', () => {
  it('is taken as it is signed, and without a digest too', async () => {
    const told = await put('hello', { ...lengthOf('hello'), 'Content-Digest': digestOf('hello') });
    expect(told).toMatchObject({ status: 200, body: { length: 5 } });
    expect(await put('hello', lengthOf('hello'))).toMatchObject({ status: 200 });
    expect(await put('', lengthOf(''))).toMatchObject({ body: { length: 0 } });
  });

  it('is asked for where a client waits to be told', async () => {
    const waiting = { ...lengthOf('hello'), Expect: '100-continue' };
    expect(await put('hello', waiting)).toMatchObject({ status: 200, wasToldToContinue: true });
  });

  it('is refused where its digest is that of another', async () => {
    const { status, body } = await put('hullo', {
      ...lengthOf('hullo'),
      'Content-Digest': digestOf('hello'),
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'INPUT_INVALID', errors: [{ pointer: '/Content-Digest' }] });
  });

  it('is refused where it is longer than allowed, before it is read', async () => {
    const waiting = { 'Content-Length': MOST + 1, Expect: '100-continue' };
    const { status, body, wasToldToContinue } = await put('x'.repeat(MOST + 1), waiting);
    expect([status, body['code'], wasToldToContinue]).toEqual([413, 'TOO_LARGE', false]);
    expect(await put('x'.repeat(MOST), lengthOf('x'.repeat(MOST)))).toMatchObject({ status: 200 });
  });

  it('is refused without a length, or compressed', async () => {
    const chunked = await put('hello', { 'Transfer-Encoding': 'chunked' });
    expect(chunked.status).toBe(400);
    expect(chunked.body).toMatchObject({ errors: [{ pointer: '/Content-Length' }] });
    const packed = await put('hello', { ...lengthOf('hello'), 'Content-Encoding': 'gzip' });
    expect(packed.status).toBe(415);
    expect(packed.headers['accept-encoding']).toBe('identity');
  });
});

describe('the header Content-Digest', () => {
  const one = digestOf('hello');

  it('names a SHA-256, or nothing', () => {
    const expected = new Uint8Array(createHash('sha256').update('hello').digest());
    expect(new Uint8Array(claimedDigest(` ${one} `) ?? [])).toEqual(expected);
    expect(claimedDigest(undefined)).toBe(undefined);
  });

  it.each([
    '',
    one.slice(0, -1),
    one.replace('sha-256', 'sha-512'),
    one.replace('=:', ':'),
    `${one}, ${one}`,
    'sha-256=:AAAA:',
  ])('is refused as %j', (header) => {
    expect(codeOf(() => claimedDigest(header))).toBe('INPUT_INVALID');
  });
});
