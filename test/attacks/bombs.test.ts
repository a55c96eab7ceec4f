/** Attacks by bodies and answers that are small on the line, or have no end. */
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import * as clients from '../../client/src/gateway-api.ts';
import * as bodies from '../../gateway/src/http/content-digest.ts';
import { attack, failure, outcomeOf } from '../support/attack.ts';
import { variantOf } from '../support/attack-variant.ts';
import { SERVED, serving } from '../support/served.ts';

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
