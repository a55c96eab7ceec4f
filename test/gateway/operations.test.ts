import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERRORS } from '@holdfast/protocol/errors.js';
import { mount } from '../../gateway/src/http/mount.ts';
import { answerProblems } from '../../gateway/src/http/problem.ts';
import { operationsRoutes } from '../../gateway/src/http/routes/operations.ts';
import { newLog } from '../../gateway/src/log.ts';
import { newMetrics } from '../../gateway/src/metrics.ts';

const stopping = new AbortController();
const metrics = newMetrics({
  registry: new Registry(),
  figures: [
    {
      name: 'node_free_bytes',
      help: 'Free space',
      labels: ['node'],
      read: () => [{ labels: { node: 'birch-1' }, value: 4096 }],
    },
  ],
  signal: stopping.signal,
});
let server: Server;
let url: string;
beforeAll(async () => {
  const app = express();
  mount(app, operationsRoutes(metrics), { open: () => [], owner: [] });
  app.use(answerProblems(newLog('silent')));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  stopping.abort();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('what operators look up', () => {
  it.each(Object.entries(ERRORS))('says what %s means', async (code, [status, exit, title]) => {
    const answer = await fetch(`${url}/problems/${code}`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ code, status, exit, title });
  });

  it.each(['NOTHING', 'toString', '__proto__'])('knows no code %s', async (code) => {
    expect((await fetch(`${url}/problems/${code}`)).status).toBe(404);
  });

  it('tells figures, and requests by route and time', async () => {
    metrics.answered({ method: 'GET', route: '/files/:fileId/status', status: 200, seconds: 0.2 });
    const answer = await fetch(`${url}/metrics`);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    const lines = (await answer.text()).split('\n');
    expect(lines).toContain('holdfast_node_free_bytes{node="birch-1"} 4096');
    const labels = 'method="GET",route="/files/:fileId/status",status="200"';
    expect(lines).toContain(`holdfast_http_request_duration_seconds_count{${labels}} 1`);
    const bucket = (bound: string, count: number) =>
      `holdfast_http_request_duration_seconds_bucket{le="${bound}",${labels}} ${count}`;
    expect(lines).toContain(bucket('0.1', 0));
    expect(lines).toContain(bucket('0.25', 1));
  });
});
