import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { newGatewayApi } from '../../client/src/gateway-api.ts';
import { newUploader, uploadedBytes } from '../../client/src/upload.ts';

const MIB = 2 ** 20;
const content = randomBytes(40 * MIB);

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)));
  server = undefined;
});

interface Meeting {
  readonly method: string;
  readonly offset: number;
  readonly length: number;
}

/** A tus server of one upload; `misfortune` may spoil a PATCH before it is answered. */
async function tusServer(
  stored: { bytes: Buffer },
  misfortune: (part: number, request: IncomingMessage, body: Buffer) => boolean = () => false,
) {
  const meetings: Meeting[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const offset = Number(request.headers['upload-offset'] ?? -1);
    meetings.push({ method: request.method ?? '', offset, length: body.length });
    if (request.method === 'PATCH') {
      if (misfortune(meetings.length, request, body)) return;
      if (offset !== stored.bytes.length) return void response.writeHead(409).end(conflict);
      stored.bytes = Buffer.concat([stored.bytes, body]);
    }
    response.writeHead(204, { 'upload-offset': String(stored.bytes.length) }).end();
  };
  const conflict = JSON.stringify({
    type: '/problems/CONFLICT',
    title: 'x',
    status: 409,
    code: 'CONFLICT',
    detail: 'elsewhere',
  });
  server = createServer(
    (request, response) => void answer(request, response).catch(() => undefined),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const api = newGatewayApi({
    url: `http://127.0.0.1:${port}`,
    random: (length) => new Uint8Array(randomBytes(length)),
    nowMs: Date.now,
  });
  return { api, meetings };
}

async function upload(api: Awaited<ReturnType<typeof tusServer>>['api'], from: number) {
  const sent: number[] = [];
  const uploader = newUploader(api, 'a', from, (bytes) => sent.push(bytes));
  for (let at = 0; at < content.length; at += 262_144) {
    await uploader.write(content.subarray(at, at + 262_144));
  }
  await uploader.finish();
  return sent;
}

describe('an upload', () => {
  it('goes in parts of at most 16 MiB, in order', async () => {
    const stored = { bytes: Buffer.alloc(0) };
    const { api, meetings } = await tusServer(stored);
    const sent = await upload(api, 0);
    expect(stored.bytes.equals(content)).toBe(true);
    expect(meetings.map(({ length }) => length)).toEqual([16 * MIB, 16 * MIB, 8 * MIB]);
    expect(sent).toEqual([16 * MIB, 32 * MIB, 40 * MIB]);
  });

  it('is continued where it stood: what is there is sealed again and not sent again', async () => {
    const stored = { bytes: content.subarray(0, 17 * MIB + 5) };
    const { api, meetings } = await tusServer(stored);
    const from = await uploadedBytes(api, 'a');
    await upload(api, from);
    expect(stored.bytes.equals(content)).toBe(true);
    const patched = meetings.filter(({ method }) => method === 'PATCH');
    expect(patched[0]?.offset).toBe(17 * MIB + 5);
    expect(patched.reduce((sum, { length }) => sum + length, 0)).toBe(content.length - from);
  });

  it('goes on after a connection that broke before the part counted', async () => {
    const stored = { bytes: Buffer.alloc(0) };
    let isBroken = false;
    const { api } = await tusServer(stored, (_, request) => {
      if (isBroken) return false;
      isBroken = true;
      request.socket.destroy();
      return true;
    });
    await upload(api, 0);
    expect(stored.bytes.equals(content)).toBe(true);
  });

  it('goes on after an answer that was lost, without sending the part twice', async () => {
    const stored = { bytes: Buffer.alloc(0) };
    let isBroken = false;
    const { api, meetings } = await tusServer(stored, (_, request, body) => {
      if (isBroken) return false;
      isBroken = true;
      stored.bytes = Buffer.concat([stored.bytes, body]);
      request.socket.destroy();
      return true;
    });
    await upload(api, 0);
    expect(stored.bytes.equals(content)).toBe(true);
    expect(meetings.filter(({ method }) => method === 'PATCH')).toHaveLength(3);
  });

  it('ends with an error where bytes that were sent are gone', async () => {
    const stored = { bytes: Buffer.alloc(0) };
    const { api } = await tusServer(stored, (part, request) => {
      if (part < 2) return false;
      stored.bytes = Buffer.alloc(0);
      request.socket.destroy();
      return true;
    });
    await expect(upload(api, 0)).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' });
  });
});
