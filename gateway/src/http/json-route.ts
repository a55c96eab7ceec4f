/**
 * Routes that answer JSON: those that only read, and those that have an effect.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { fromUtf8, utf8 } from '@holdfast/protocol/bytes.js';
import { parseJson } from '@holdfast/protocol/schema.js';
import { task } from '@holdfast/protocol/task-messages.js';
import { bodyOf, readWhole } from './content-digest.ts';
import { idempotencyKey, type Answer } from './idempotency.ts';
import { CONDITIONS, expectUnconditional, isHeldBy } from './preconditions.ts';
import { HttpRefusal } from './problem.ts';
import { counted } from './request-limits.ts';
import { callerOf, send, type RequestParts } from './requests.ts';
import {
  route,
  type Answered,
  type Call,
  type Declared,
  type Meanings,
  type Nothing,
  type Route,
} from './route.ts';

/** Bytes of a JSON body: a transaction stays under 1 MiB, base64url makes it a third longer. */
const JSON_LIMIT = 2 * 1024 * 1024;
const JSON_TYPE = 'application/json';

interface Reading<
  A extends z.ZodType,
  P extends z.ZodObject,
  Q extends z.ZodObject,
> extends Declared<P, Q> {
  readonly answer: A;
}

/** A route that only reads. Whoever has the very same answer already is told so. */
export function reads<
  A extends z.ZodType,
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
>(
  { answer, ...declared }: Reading<A, P, Q>,
  call: (call: Call<P, Q>) => Promise<z.input<A>> | z.input<A>,
): Route {
  const answers = {
    200: {
      says: 'As asked',
      content: { [JSON_TYPE]: answer },
      headers: { ETag: 'of this very answer' },
    },
    304: { says: 'If-None-Match names the present answer' },
  };
  const headers = { ...CONDITIONS, ...declared.headers };
  return route<P, Q>({ ...declared, method: 'get', headers, answers }, async (asked) => {
    expectAccepted(asked.request, JSON_TYPE);
    sendJson(asked, JSON.stringify(await call(asked)));
  });
}

function sendJson(
  { request, response }: Pick<Call<Nothing, Nothing>, 'request' | 'response'>,
  text: string,
): void {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
  response.set('ETag', etag);
  if (isHeldBy(request, etag)) response.status(304).end();
  else {
    response.type(JSON_TYPE).set('Content-Length', String(Buffer.byteLength(text)));
    response.end(text);
  }
}

/** What a route with an effect answers; `null`: no body. */
export type Given<A extends z.ZodType | null> = {
  readonly headers?: Readonly<Record<string, string>>;
} & (A extends z.ZodType ? { readonly body: z.input<A> } : { readonly body?: undefined });

export interface Effect<A extends z.ZodType | null, P extends z.ZodObject> extends Declared<
  P,
  Nothing
> {
  readonly method: 'post' | 'put';
  /** Of what is answered once it is done. */
  readonly status: 200 | 201 | 202 | 204;
  readonly answer: A;
  readonly answerHeaders?: Meanings;
}

export interface JsonCall<B extends z.ZodType, P extends z.ZodObject> extends Call<P, Nothing> {
  readonly body: z.output<B>;
  /** Of this request; undefined where it has none. */
  readonly key: string | undefined;
}

/** Who an Idempotency-Key belongs to, from the body of a request that nobody signed. */
export type ScopeOf<B extends z.ZodType> = (body: z.output<B>) => Promise<string | undefined>;

interface Taking<
  B extends z.ZodType,
  A extends z.ZodType | null,
  P extends z.ZodObject,
> extends Effect<A, P> {
  readonly body: B;
  /** Whether no body at all stands for `{}`. */
  readonly mayBeBare?: boolean;
  /** Instead of the caller's key id. */
  readonly scope?: ScopeOf<B>;
}

/** A route that takes JSON and has an effect: with an Idempotency-Key the same request has it once. */
export function takesJson<
  B extends z.ZodType,
  A extends z.ZodType | null,
  P extends z.ZodObject = Nothing,
>(
  { once, tasks }: Pick<RequestParts, 'once' | 'tasks'>,
  { body: schema, mayBeBare = false, scope, ...declared }: Taking<B, A, P>,
  call: (call: JsonCall<B, P>) => Promise<Given<A>>,
): Route {
  const spec = {
    ...declared,
    takes: { content: { [JSON_TYPE]: schema }, isOptional: mayBeBare },
    answers: answersOf(declared, scope === undefined),
  };
  return route<P, Nothing>(spec, async (asked) => {
    const { request, response } = asked;
    expectAccepted(request, JSON_TYPE);
    expectUnconditional(request);
    const what = `${request.method} ${request.path}`;
    const bytes = mayBeBare && isBare(request) ? NOTHING_SAID : await readJson(request, response);
    const body = parseJson(schema, fromUtf8(bytes), what);
    const key = idempotencyKey(request.get('idempotency-key'));
    const digest = createHash('sha256').update(`${what}\n`).update(bytes).digest('hex');
    const answer = async () => asAnswer(declared.status, await call({ ...asked, body, key }));
    const same = { known: digest, whole: () => Promise.resolve(digest) };
    if (scope !== undefined) {
      // nobody whom a task could be shown to
      send(response, await once(await scope(body), key, same, answer));
      return;
    }
    const { keyId, ownerId } = callerOf(response);
    const asking = { ownerId, key, came: Promise.resolve() };
    const work = counted(response, once(keyId, key, same, answer));
    send(response, await tasks.within(asking, work));
  });
}

export const asAnswer = <A extends z.ZodType | null>(status: number, given: Given<A>): Answer => {
  const { headers = {}, body = null }: Partial<Answer> = given;
  return { status, headers, body };
};

/** @param mayTakeLong - whether there is somebody whom a task can be shown to. */
export function answersOf<A extends z.ZodType | null, P extends z.ZodObject>(
  { status, answer, answerHeaders = {} }: Effect<A, P>,
  mayTakeLong: boolean,
): Record<number, Answered> {
  const content = answer === null ? {} : { content: { [JSON_TYPE]: answer } };
  const done = { [status]: { says: SAYS[status], ...content, headers: answerHeaders } };
  if (!mayTakeLong) return done;
  if (status !== 202) return { ...done, 202: LATER };
  // told apart by Location
  const either = answer === null ? task : z.union([answer, task]);
  return { 202: { says: LATER.says, content: { [JSON_TYPE]: either } } };
}

const LATER: Answered = {
  says: 'Begun, and not done within ten seconds: the outcome will stand at Location',
  content: { [JSON_TYPE]: task },
  headers: { Location: 'the task', 'Retry-After': 'seconds until it is worth asking' },
};

const SAYS = {
  200: 'Done',
  201: 'Made',
  202: 'Begun; the answer says where its outcome will stand',
  204: 'Done; there is nothing to say',
};

/** @throws `INPUT_INVALID` (406) where none of a client's types is one that is sent. */
export function expectAccepted(request: Request, type: string): void {
  if (request.accepts(type) !== false) return;
  throw new HttpRefusal('INPUT_INVALID', `the answer is ${type}`, {
    status: 406,
    pointer: '/Accept',
  });
}

function readJson(request: Request, response: Response): Promise<Uint8Array> {
  expectType(request, JSON_TYPE);
  return readWhole(bodyOf(request, response, JSON_LIMIT));
}

const NOTHING_SAID = utf8('{}');

/** No body at all, and not from a web page, which would name its origin. */
const isBare = ({ headers }: Request): boolean =>
  ['content-type', 'transfer-encoding', 'origin', 'sec-fetch-site'].every(
    (name) => headers[name] === undefined,
  ) && Number(headers['content-length'] ?? 0) === 0;

/** A form of a web page of somebody else's cannot send JSON. @throws `INPUT_INVALID` (415). */
export function expectType(request: Request, type: string): void {
  if (request.is(type) === type) return;
  const header = request.method === 'PATCH' ? 'Accept-Patch' : 'Accept';
  throw new HttpRefusal('INPUT_INVALID', `expected ${type}`, {
    status: 415,
    headers: { [header]: type },
    pointer: '/Content-Type',
  });
}
