/** How a gateway's server stops, and what it does not take. */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from '@jest/globals';
import { newHttpServer, PATIENCE, type HttpServer } from '../../gateway/src/http/server.ts';
import { UNLIMITED, type Limits } from '../../gateway/src/limits.ts';
import { exchangeRaw } from '../support/bad-requests.ts';

let server: HttpServer;
let url: string;
let answer = (): void => undefined;
/** Slow requests that have begun. */
let begunSlow = 0;
/** The slow request is being answered. */
let asked: Promise<void>;
const agent = new Agent({ keepAlive: true });

async function listen(limits: Partial<Limits> = {}, stopMs = 5_000): Promise<void> {
  const app = express();
  begunSlow = 0;
  let begun = (): void => undefined;
  asked = new Promise((resolve) => (begun = resolve));
  app.get('/', (_request, response) => void response.send('at once'));
  app.get('/slow', async (_request, response) => {
    begun();
    begunSlow++;
    await new Promise<void>((resolve) => (answer = resolve));
    response.send('in the end');
  });
  server = newHttpServer({ ...UNLIMITED, ...limits }, { ...PATIENCE, stopMs });
  url = await server.listen(app, '127.0.0.1', 0);
}
afterEach(async () => {
  agent.destroy();
  answer();
  await server.stop();
});

const get = async (path: string): Promise<string> => {
  const [response] = (await once(request(`${url}${path}`, { agent }).end(), 'response')) as [
    IncomingMessage,
  ];
  return (await response.toArray()).join('');
};

describe('a server that stops', () => {
  it('answers what has been asked, takes no more, and waits for nobody who only keeps a connection', async () => {
    await listen();
    expect(await get('/')).toBe('at once');
    const slow = get('/slow');
    await asked;
    const began = performance.now();
    const stopped = server.stop();
    await expect(get('/')).rejects.toThrow('ECONNREFUSED');
    answer();
    expect(await slow).toBe('in the end');
    await stopped;
    // less than a kept connection would have been kept
    expect(performance.now() - began).toBeLessThan(PATIENCE.keepAliveMs);
  });

  it('cuts off what does not end', async () => {
    await listen({}, 50);
    const slow = get('/slow').catch((error: unknown) => error);
    await asked;
    await server.stop();
    expect(await slow).toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('a server', () => {
  it('takes no more connections than it may', async () => {
    await listen({ connections: 2 });
    const { port } = new URL(url);
    const sockets = Array.from({ length: 5 }, () => connect(Number(port), '127.0.0.1'));
    for (const socket of sockets) socket.on('error', () => undefined);
    const closed = sockets.map((socket) => once(socket, 'close'));
    await Promise.all(closed.slice(2));
    expect(sockets.map(({ closed: is }) => is)).toEqual([false, false, true, true, true]);
    for (const socket of sockets) socket.destroy();
  });

  it('answers what comes without waiting in its turn', async () => {
    await listen();
    const many = Array.from({ length: 20 }, () => 'GET / HTTP/1.1\r\nHost: x\r\n\r\n').join('');
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let answers = '';
    socket.on('data', (bytes: Buffer) => (answers += bytes.toString()));
    socket.write(`GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${many}`);
    await asked;
    answer();
    while ((answers.match(/at once/g) ?? []).length < 20) await once(socket, 'data');
    expect(answers.match(/at once|in the end/g)?.[0]).toBe('in the end');
    socket.destroy();
  });

  it('begins nothing for whoever has left before its turn, and cuts off who sends without end', async () => {
    await listen();
    const { port } = new URL(url);
    const slow = 'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n';
    const leaving = connect(Number(port), '127.0.0.1');
    leaving.write(slow.repeat(5));
    await asked;
    leaving.destroy();
    const flooding = connect(Number(port), '127.0.0.1');
    flooding.on('error', () => undefined).resume();
    flooding.write(slow.repeat(100));
    await once(flooding, 'close');
    expect(begunSlow).toBe(2);
  });

  it('refuses headers that are larger than it takes, with a document', async () => {
    await listen();
    const head = `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(PATIENCE.headerBytes)}\r\n\r\n`;
    expect(await exchangeRaw(url, head)).toMatch(/^HTTP\/1.1 431 [^]*application\/problem\+json/);
  });
});
