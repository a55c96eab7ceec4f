/** Attacks on the HTTP server: sockets that wait, bodies without end, requests within requests, names that are paths. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import express, { type Express } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { z } from 'zod';
import * as clients from '../../client/src/gateway-api.ts';
import * as saves from '../../client/src/save-file.ts';
import * as bodies from '../../gateway/src/http/content-digest.ts';
import * as servers from '../../gateway/src/http/server.ts';
import { UNLIMITED, type Limits } from '../../gateway/src/limits.ts';
import { attack, failure, outcomeOf } from '../support/attack.ts';
import { variantOf } from '../support/attack-variant.ts';
import { exchangeRaw } from '../support/bad-requests.ts';

type NewServer = typeof servers.newHttpServer;
interface Served {
  readonly newServer: NewServer;
  readonly limits: Limits;
  readonly patience: servers.Patience;
}
const SERVED: Served = {
  newServer: servers.newHttpServer,
  limits: UNLIMITED,
  patience: servers.PATIENCE,
};

/** Runs `work` against a server; whatever is still open is cut off at the end. */
async function serving<T>(
  { newServer, limits, patience }: Served,
  app: Express,
  work: (url: URL) => Promise<T>,
): Promise<T> {
  const server = newServer(limits, { ...patience, stopMs: 10 });
  const url = await server.listen(app, '127.0.0.1', 0);
  try {
    return await work(new URL(url));
  } finally {
    await server.stop();
  }
}

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

const LIMIT = 65_536;
/** How many bytes a route with this limit is given before it is refused, or at all. */
async function taken(
  { streamOf }: typeof bodies,
  headers: object,
  body: Uint8Array,
): Promise<number | string> {
  let [seen, refused]: [number, string] = [0, ''];
  const app = express().post('/', async (request, response) => {
    try {
      for await (const chunk of streamOf(request, response, LIMIT).bytes) seen += chunk.length;
    } catch (problem) {
      if (!(problem instanceof HoldfastError)) throw problem;
      refused = problem.code;
    }
    response.set('Connection', 'close').end();
  });
  await serving(SERVED, app, async (url) => {
    const asked = httpRequest(url, { method: 'POST', headers: { ...headers } });
    asked.on('error', () => undefined).end(body);
    await once(asked, 'close');
  });
  return seen === 0 ? refused : seen;
}

attack({
  id: 'T55',
  attack: 'a body without end, in chunks, is read into memory',
  defence: 'bodies are counted while they come',
  defended: () => bodies,
  undefended: () =>
    variantOf<typeof bodies>('gateway/src/http/content-digest.ts', {
      file: 'gateway/src/http/content-digest.ts',
      from: '      if (seen > expected.most) break;\n',
      to: '',
    }),
  async run(world) {
    const found = await taken(world, { 'transfer-encoding': 'chunked' }, new Uint8Array(2 ** 21));
    const words = `${found} bytes read, limit ${LIMIT}`;
    return outcomeOf(Number(found) > LIMIT, words, words);
  },
});

const BODIES = 'gateway/src/http/content-digest.ts';
attack({
  id: 'T55',
  attack: 'a gzip bomb: 2 MiB of JSON in 2 KiB',
  defence: 'encoded bodies are refused (415)',
  defended: () => bodies,
  // inflated as Express would by itself
  undefended: () =>
    variantOf<typeof bodies>(
      BODIES,
      { file: BODIES, from: 'if (encoding !== undefined) {', to: "if (encoding !== 'gzip') {" },
      {
        file: BODIES,
        from: 'of flowing(request, expected.flow)) {',
        to: 'of request.pipe(createGunzip())) {',
      },
      {
        file: BODIES,
        from: "import { createHash } from 'node:crypto';",
        to: "import { createHash } from 'node:crypto';\nimport { createGunzip } from 'node:zlib';",
      },
      { file: BODIES, from: '      if (seen > expected.most) break;\n', to: '' },
    ),
  async run(world) {
    const bomb = gzipSync(Buffer.alloc(2 ** 21, '['));
    const headers = { 'content-encoding': 'gzip', 'content-length': bomb.length };
    const found = await taken(world, headers, bomb);
    return typeof found === 'string' ? failure(found) : outcomeOf(true, `${found} bytes`, '');
  },
});

type Client = typeof clients;
const CLIENT = 'client/src/gateway-api.ts';

/** Bytes that a client takes of an answer that its gateway makes, and what it says of it. */
async function answered(
  { newGatewayApi }: Client,
  headers: object,
  body: Iterable<Uint8Array>,
): Promise<readonly [bytes: number, words: string]> {
  const app = express().get('/', (_request, response) => {
    response.writeHead(200, { ...headers });
    void pipeline(Readable.from(body), response).catch(() => undefined);
  });
  return serving(SERVED, app, async ({ href }) => {
    const random = (length: number) => new Uint8Array(length);
    const api = newGatewayApi({ url: href, random, nowMs: Date.now });
    let bytes = 0;
    const schema = z.string().transform((text) => (bytes = text.length));
    const words = await api.call('GET', '/', schema).then(String, String);
    return [bytes, words.slice(0, 80)] as const;
  });
}

attack<Client>({
  id: 'T55',
  attack: 'a gateway answers its client with a gzip bomb: 16 MiB in 16 KiB',
  defence: 'no answer is inflated',
  defended: () => clients,
  undefended: () =>
    variantOf<Client>(CLIENT, {
      file: CLIENT,
      from: 'return plainAnswer(answer, `${method} ${path}`);',
      to: 'return answer;',
    }),
  async run(world) {
    const text = JSON.stringify('x'.repeat(2 ** 24 - 2));
    const bomb = gzipSync(text);
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const [bytes, words] = await answered(world, headers, [bomb]);
    return outcomeOf(bytes > 1000 * bomb.length * 0.9, `${bytes} of ${bomb.length} bytes`, words);
  },
});

attack<Client>({
  id: 'T55',
  attack: 'a gateway answers its client without end',
  defence: 'answers are counted while they come',
  defended: () => clients,
  undefended: () =>
    variantOf<Client>(CLIENT, {
      file: 'client/src/bounded-answer.ts',
      from: 'if (length > most) {',
      to: 'if (length > 2 ** 26) {',
    }),
  async run(world) {
    let sent = 0;
    function* endless(): Generator<Uint8Array> {
      yield Buffer.from('"');
      // as much as the control may take
      for (; sent < 2 ** 25; sent += 65_536) yield Buffer.alloc(65_536, 'x');
      yield Buffer.from('"');
    }
    const [bytes, words] = await answered(world, {}, endless());
    return outcomeOf(bytes > 2 ** 24, `${bytes} bytes taken`, words);
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
      from: String.raw`name.replaceAll(/[/\\:\p{Cc}]/gu, '_').slice(0, LONGEST_NAME)`,
      to: 'name.slice(0, LONGEST_NAME)',
    }),
  run({ safeName }) {
    const folder = '/home/anna/files';
    const outside = PATHS.filter((name) => dirname(resolve(folder, safeName(name))) !== folder);
    const words = `${outside.length} of ${PATHS.length} outside`;
    return outcomeOf(outside.length > 0, words, words);
  },
});
