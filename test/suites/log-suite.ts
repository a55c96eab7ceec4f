/** Real secrets through every route of a running gateway: none of them in its log, and all of them where redaction is off. */
import { describe, expect, it } from '@jest/globals';
import { base64url, hex, utf8 } from '@holdfast/protocol/bytes.js';
import { parsePhrase } from '@holdfast/protocol/phrase.js';
import { signRequest } from '../../client/src/request-signature.ts';
import { JSON_ROUTES, OWNERS_ROUTES } from '../support/bad-input-stage.ts';
import { newBareOwner } from '../support/gateway-owner.ts';
import { basic } from '../support/managed-owner.ts';
import type { Operating } from '../support/operating.ts';
import { seededRandom } from '../support/property.ts';

const OPEN_ROUTES = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/docs',
  '/openapi.json',
  '/problems/NOT_FOUND',
  '/v1/network',
  '/v1/nodes',
  '/v1/ledger/transactions/FILE',
  '/v1/ledger/blocks/1',
  '/v1/nothing/FILE',
  '/nothing/FILE',
];
const PATIENCE_MS = 180_000;

/** Answered with a stream of events to whoever prefers one. */
const STREAMS = ['/v1/alerts', '/v1/ledger/events'];
const STREAM = 'text/event-stream';
/** Methods without a body. */
const BARE = ['GET', 'DELETE', 'OPTIONS'];

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly accept: string;
}

/** Every route, with ids that are there and with a name in the place of each. */
function routes(fileId: string, name: string): Sent[] {
  const patterns: (Omit<Sent, 'accept'> & Partial<Sent>)[] = [
    ...JSON_ROUTES.map((path) => ({ method: 'POST', path })),
    ...OWNERS_ROUTES.flatMap(([path, methods]) => methods.map((method) => ({ method, path }))),
    ...OPEN_ROUTES.map((path) => ({ method: 'GET', path })),
    ...STREAMS.map((path) => ({ method: 'GET', path, accept: STREAM })),
    { method: 'GET', path: '/v1/tasks/FILE' },
    { method: 'OPTIONS', path: '/v1/uploads/FILE' },
    { method: 'PUT', path: '/v1/accounts/password' },
    { method: 'PUT', path: '/v1/files/FILE' },
    { method: 'DELETE', path: '/v1/files/NAME' },
  ];
  return patterns.flatMap(({ path, ...sent }) =>
    [fileId, encodeURIComponent(name)].map((id) => ({
      accept: '*/*',
      ...sent,
      path: path.replaceAll(/FILE|UPLOAD|NAME/g, id),
    })),
  );
}

/** Reads an answer to its end, or leaves one that has none. @returns whether it is a stream of events. */
async function taken(answer: Response): Promise<boolean> {
  const isStream = answer.headers.get('content-type') === STREAM;
  await (isStream ? answer.body?.cancel() : answer.text());
  return isStream;
}

/** All ways in which a text may be written into a line. */
function spellings(secret: string): string[] {
  const bytes = utf8(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ '': secret }).toString().slice(1),
    Buffer.from(bytes).toString('base64'),
    base64url(bytes),
    hex(bytes),
  ];
}

const found = (log: string, secrets: Readonly<Record<string, string>>): string[] =>
  Object.entries(secrets)
    .filter(([, secret]) => spellings(secret).some((text) => log.includes(text)))
    .map(([what]) => what);

export function logSuite({ stage, who, phrase, logged, put, restart }: Operating): void {
  const name = 'Scheidungsvereinbarung Müller & Söhne.pdf';
  const random = seededRandom(41);
  const made = {
    'a file name': name,
    'a cookie': hex(random(20)),
    'a token in a query': hex(random(21)),
    'a body': hex(random(22)),
    'key material': hex(random(32)),
    'key material, base64url': base64url(random(32)),
  };

  /** Sends everything everywhere. @returns what must not be found. */
  async function feed(
    fileId: string,
    chosen: (sent: Sent) => boolean = () => true,
  ): Promise<Record<string, string>> {
    const url = stage().url();
    const { key } = await newBareOwner(url, 7);
    const words = phrase();
    const seed = hex(parsePhrase(words));
    const given = { password: who.password, phrase: words, seed, ...made };
    const query = new URLSearchParams(Object.entries(given)).toString();
    const everywhere = {
      cookie: `session=${made['a cookie']}`,
      'x-key': made['key material'],
      'x-phrase': words,
    };
    const body = JSON.stringify({ ...given, name });
    const json = { 'content-type': 'application/json' };
    const signatures: Record<string, string> = {};
    const all = routes(fileId, name).filter(chosen);
    const streamed: string[] = [];
    for (const { method, path, accept } of all) {
      const target = `${path}?${query}`;
      const hasBody = !BARE.includes(method);
      const init = { method, ...(hasBody ? { body } : {}) };
      const authorization = basic(who.name, who.password);
      for (const headers of [{ ...everywhere, authorization }, everywhere]) {
        await taken(
          await fetch(`${url}${target}`, { ...init, headers: { ...json, accept, ...headers } }),
        );
      }
      // with a query that no route knows, and without
      for (const address of [target, path]) {
        const unsigned = {
          method,
          url: new URL(address, url),
          headers: { ...json, accept, ...everywhere },
        };
        const signed = await signRequest(
          hasBody ? { ...unsigned, body: utf8(body) } : unsigned,
          key,
          Date.now(),
          (length) => crypto.getRandomValues(new Uint8Array(length)),
        );
        const sent = new Headers(signed);
        const what = `${method} ${address.slice(0, path.length + 1)} as ${accept}`;
        signatures[`signature: ${what}`] = sent.get('signature') ?? '';
        signatures[`its input: ${what}`] = sent.get('signature-input') ?? '';
        const isStream = await taken(await fetch(unsigned.url, { ...init, headers: signed }));
        streamed.push(...(isStream ? [path] : []));
      }
    }
    expect(Object.values(signatures)).not.toContain('');
    const wanted = all.filter(({ accept }) => accept === STREAM).map(({ path }) => path);
    expect(new Set(streamed)).toEqual(new Set(wanted));
    return { ...given, ...signatures, basic: basic(who.name, who.password).slice(6) };
  }

  describe('the log', () => {
    it(
      'has a line for each request and none of the secrets that came with it',
      async () => {
        const fileId = await put('plain');
        logged();
        const secrets = await feed(fileId);
        await restart();
        const log = logged();
        expect(found(log, secrets)).toEqual([]);
        const lines = log
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>)
          .filter(({ event }) => event === 'RequestAnswered');
        expect(lines.length).toBeGreaterThanOrEqual(4 * routes('', '').length);
        for (const line of lines) {
          const known = ['level', 'time', 'event', 'traceId', 'method', 'route', 'status'];
          const besides = ['durationMs', 'ownerId', 'code', 'cutOff'];
          expect([...known, ...besides]).toEqual(expect.arrayContaining(Object.keys(line)));
          expect(known.filter((field) => !(field in line))).toEqual([]);
        }
      },
      PATIENCE_MS,
    );

    it(
      'would have every one of them with its redaction off, as the control shows',
      async () => {
        const fileId = await put('plain again');
        await restart((fields) => fields);
        logged();
        const secrets = await feed(fileId, ({ path }) => /nodes|transactions/.test(path));
        await restart();
        expect(found(logged(), secrets).toSorted()).toEqual(Object.keys(secrets).toSorted());
      },
      PATIENCE_MS,
    );
  });
}
