/** Places of owners, which come free again whenever their requests end. */
import { once } from 'node:events';
import { connect } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from '@jest/globals';
import { answerProblems } from '../../gateway/src/http/problem.ts';
import { newRequestLimits } from '../../gateway/src/http/request-limits.ts';
import { newHttpServer, PATIENCE, type HttpServer } from '../../gateway/src/http/server.ts';
import { UNLIMITED } from '../../gateway/src/limits.ts';
import { newLog } from '../../gateway/src/log.ts';

let server: HttpServer | undefined;
afterEach(() => server?.stop());

describe('an owner that may have one request answered at once', () => {
  it('has it again although its connection broke while it was asked who it is', async () => {
    const limits = newRequestLimits({ ...UNLIMITED, ownerAtOnce: 1 }, () => performance.now());
    let recognise = (): void => undefined;
    let asked = (): void => undefined;
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    let begun = 0;
    const app = express();
    const authenticate = limits.guarding(async (request, response, next) => {
      response.locals['caller'] = { ownerId: 'anna' };
      if (request.path === '/slowly') {
        const recognised = new Promise<void>((resolve) => (recognise = resolve));
        asked();
        await recognised;
      }
      next();
    });
    app.use(authenticate, limits.owner, (_request, response) => {
      begun++;
      response.send('served');
    });
    app.use(answerProblems(newLog('silent')));
    server = newHttpServer(UNLIMITED, { ...PATIENCE, stopMs: 10 });
    const url = await server.listen(app, '127.0.0.1', 0);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET /slowly HTTP/1.1\r\nHost: x\r\n\r\n');
    await isAsked;
    socket.destroy();
    await once(socket, 'close');
    // the server has seen it too once it answers another connection
    expect((await fetch(url)).status).toBe(200);
    recognise();
    expect((await fetch(url)).status).toBe(200);
    expect(begun).toBe(2);
  });
});
