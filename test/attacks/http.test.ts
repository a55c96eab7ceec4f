/** Attacks on the HTTP server: sockets that wait, requests within requests, names that are paths. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import express, { type Express } from 'express';
import * as saves from '../../client/src/save-file.ts';
import * as servers from '../../gateway/src/http/server.ts';
import { UNLIMITED } from '../../gateway/src/limits.ts';
import { attack, outcomeOf } from '../support/attack.ts';
import { variantOf } from '../support/attack-variant.ts';
import { exchangeRaw } from '../support/bad-requests.ts';
import { SERVED, serving, type Served } from '../support/served.ts';

const greeting = (): Express =>
  express().get('/', (_request, response) => void response.send('hi'));

const UNFINISHED = 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ';

function hold({ port }: URL): Socket {
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(UNFINISHED);
  return socket;
}

attack<Served>({
  id: 'T53',
  attack: 'one address holds every connection open, and shuts out another',
  defence: 'a share of the connections for each address',
  defended: () => ({
    ...SERVED,
    limits: { ...UNLIMITED, connections: 16, connectionsPerAddress: 8 },
  }),
  undefended: () => ({ ...SERVED, limits: { ...UNLIMITED, connections: 16 } }),
  run: (served) =>
    serving(served, greeting(), async (url) => {
      const sockets = Array.from({ length: 40 }, () => hold(url));
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      const status = await new Promise<number>((settle) => {
        const asked = httpRequest(url, { localAddress: '127.0.0.2' }, (answer) => {
          answer.resume();
          settle(answer.statusCode ?? 0);
        });
        asked.once('error', () => settle(0)).end();
      });
      for (const socket of sockets) socket.destroy();
      return outcomeOf(status !== 200, 'honest client shut out', `honest client: ${status}`);
    }),
});

attack<Served>({
  id: 'T53',
  attack: 'headers that trickle in keep a connection for as long as one likes',
  defence: 'a time for headers, looked at often',
  defended: () => ({ ...SERVED, patience: { ...servers.PATIENCE, headersMs: 200, checkMs: 50 } }),
  undefended: () => ({
    ...SERVED,
    patience: { ...servers.PATIENCE, headersMs: 60_000, checkMs: 30_000 },
  }),
  run: (served) =>
    serving(served, greeting(), async (url) => {
      const socket = hold(url);
      const closed = new Promise<boolean>((settle) => socket.once('close', () => settle(true)));
      let sent = 0;
      const open = new Promise<boolean>((settle) => {
        const trickle = setInterval(() => {
          socket.write('x');
          if (++sent < 15) return;
          clearInterval(trickle);
          settle(false);
        }, 100);
        void closed.then(() => clearInterval(trickle));
      });
      const isClosed = await Promise.race([closed, open]);
      socket.destroy();
      return outcomeOf(!isClosed, `open after ${sent} bytes`, 'closed by the server');
    }),
});

const HEAD = 'POST / HTTP/1.1\r\nHost: localhost\r\n';
const WITHIN = 'GET /within HTTP/1.1\r\nHost: localhost\r\n\r\n';
/** Requests whose end a proxy in front could see elsewhere. */
const SMUGGLED = [
  `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${WITHIN}`,
  `${HEAD}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${WITHIN}`,
  `${HEAD}Content-Length: 0\r\nContent-Length: ${WITHIN.length}\r\n\r\n${WITHIN}`,
  `${HEAD}Transfer-Encoding: xchunked\r\n\r\n${WITHIN}`,
  `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${WITHIN}`,
  `${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${WITHIN}`,
  `${HEAD}X: a\nTransfer-Encoding: chunked\n\n0\n\n${WITHIN}`,
  `${HEAD}Content-Length: +0\r\n\r\n${WITHIN}`,
];

attack<Served>({
  id: 'T54',
  attack: 'a request hidden in the body of another is executed',
  defence: 'the strict parser of Node; what is no HTTP ends the connection',
  defended: () => SERVED,
  undefended: async () => ({
    ...SERVED,
    newServer: (
      await variantOf<typeof servers>('gateway/src/http/server.ts', {
        file: 'gateway/src/http/server.ts',
        from: 'requestTimeout: 0,',
        to: 'requestTimeout: 0,\n    insecureHTTPParser: true,',
      })
    ).newHttpServer,
  }),
  async run(served) {
    let executed = 0;
    const app = express()
      .get('/within', (_request, response) => {
        executed++;
        response.set('Connection', 'close').send('executed');
      })
      .post('/', (request, response) => {
        request.resume().once('end', () => response.send('outer'));
      });
    await serving(served, app, async ({ href }) => {
      for (const bytes of SMUGGLED) await exchangeRaw(href, bytes, { end: true });
    });
    const words = `${executed} of ${SMUGGLED.length} executed`;
    return outcomeOf(executed > 0, words, words);
  },
});

const PATHS = [
  '../owner.json',
  '../../.ssh/authorized_keys',
  '/etc/cron.d/x',
  '..',
  '.',
  '...',
  'a/../../b',
  '..\\..\\b',
  'C:\\x',
  'x\0/../../y',
  '\u202e../x',
  '',
];

attack({
  id: 'T56',
  attack: 'a file whose name is a path is written outside of the folder',
  defence: 'names become one part of a path',
  defended: () => saves,
  undefended: () =>
    variantOf<typeof saves>('client/src/save-file.ts', {
      file: 'client/src/save-file.ts',
      from: String.raw`name.replaceAll(/[/\\:\p{Cc}]/gu, '_')`,
      to: 'name',
    }),
  run({ safeName }) {
    const folder = '/home/anna/files';
    const outside = PATHS.filter((name) => dirname(resolve(folder, safeName(name))) !== folder);
    const words = `${outside.length} of ${PATHS.length} outside`;
    return outcomeOf(outside.length > 0, words, words);
  },
});
