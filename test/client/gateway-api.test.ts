import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { newGatewayApi } from '../../client/src/gateway-api.ts';

const schema = z.strictObject({ value: z.int() });
let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
  server = undefined;
});

async function gatewayThat(answers: RequestListener) {
  server = createServer(answers).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return newGatewayApi({
    url: `http://127.0.0.1:${port}/`,
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    nowMs: Date.now,
  });
}

describe('a request to a gateway', () => {
  it('answers JSON as the interface says', async () => {
    const api = await gatewayThat((_, response) => response.end('{"value":3}'));
    await expect(api.call('GET', '/v1/x', schema)).resolves.toEqual({ value: 3 });
  });

  it.each(['{"value":3,"more":1}', '{"value":"3"}', 'no JSON', ''])(
    'refuses an answer that is not what was agreed: %s',
    async (text) => {
      const api = await gatewayThat((_, response) => response.end(text));
      await expect(api.call('GET', '/v1/x', schema)).rejects.toMatchObject({
        code: 'ANSWER_FALSE',
      });
    },
  );

  it('throws what a problem document tells, with its pointer', async () => {
    const api = await gatewayThat((_, response) => {
      response.writeHead(404, { 'content-type': 'application/problem+json' });
      const told = { type: '/problems/NOT_FOUND', title: 'Not found', status: 404 };
      const errors = [{ pointer: '/fileId', detail: 'none' }];
      response.end(JSON.stringify({ ...told, code: 'NOT_FOUND', detail: 'no file ab', errors }));
    });
    await expect(api.call('GET', '/v1/files/ab', schema)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      detail: 'no file ab',
      pointer: '/fileId',
    });
  });

  it('does not believe a refusal in words of its own', async () => {
    const api = await gatewayThat((_, response) => response.writeHead(403).end('{"code":"ELM"}'));
    await expect(api.call('GET', '/v1/x', schema)).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
  });

  it('repeats a POST that was asked to come later under the same idempotency key', async () => {
    const keys: unknown[] = [];
    const api = await gatewayThat((request: IncomingMessage, response) => {
      keys.push(request.headers['idempotency-key']);
      if (keys.length < 3) response.writeHead(503).end();
      else response.end('{"value":1}');
    });
    await expect(api.call('POST', '/v1/x', schema, { json: {} })).resolves.toEqual({ value: 1 });
    expect(keys).toHaveLength(3);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(keys).size).toBe(1);
  });

  it('sends a part of an upload once: its offset may have moved', async () => {
    let requests = 0;
    const api = await gatewayThat((_, response) => {
      requests++;
      response.writeHead(503).end();
    });
    await expect(api.request('PATCH', '/v1/uploads/a')).rejects.toThrow('503');
    expect(requests).toBe(1);
  });

  it('does not take a broken proxy for a gateway that lies', async () => {
    const api = await gatewayThat((_, response) => response.writeHead(500).end('<html>'));
    await expect(api.request('GET', '/v1/x')).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
    });
  });

  it('says so when nobody answers', async () => {
    const api = await gatewayThat(() => undefined);
    server?.close();
    await expect(api.request('PATCH', '/v1/uploads/a')).rejects.toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
    });
  });

  it('refuses an address that is none', () => {
    const options = { random: (length: number) => new Uint8Array(length), nowMs: Date.now };
    expect(() => newGatewayApi({ url: 'ftp://x', ...options })).toThrow('INPUT_INVALID');
  });
});
