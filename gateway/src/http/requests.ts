/**
 * What every route does before and after its own work: who asks, what is asked, and the answer.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { fromUtf8, utf8 } from '@holdfast/protocol/bytes.js';
import { parse, parseJson } from '@holdfast/protocol/schema.js';
import { bodyOf, readWhole } from './content-digest.ts';
import { idempotencyKey, type Answer, type Once } from './idempotency.ts';
import { targetOf, type OriginOf } from './origins.ts';
import { HttpRefusal } from './problem.ts';
import type { Authenticate, Signer } from './signature-auth.ts';

/** Bytes of a JSON body: a transaction stays under 1 MiB, base64url makes it a third longer. */
const JSON_LIMIT = 2 * 1024 * 1024;
const PATIENCE_MS = 60_000;

export interface RequestParts {
  readonly authenticate: Authenticate;
  readonly originOf: OriginOf;
  readonly once: Once;
}

/** Lets pass whose signature holds; {@link callerOf} says who it is. */
export function signed({ authenticate, originOf }: RequestParts): RequestHandler {
  return async (request, response, next) => {
    response.locals['caller'] = await authenticate({
      method: request.method,
      url: targetOf(originOf, request.get('host'), request.originalUrl),
      headers: request.headers,
      hasBody: hasBody(request),
    });
    next();
  };
}

/** Methods that change something are signed with their body, be it empty. */
const hasBody = ({ method, headers }: Request): boolean =>
  Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined
    ? true
    : ['PUT', 'PATCH'].includes(method);

export const callerOf = (response: Response): Signer => response.locals['caller'] as Signer;

/** Ends when the client has gone or nobody answers for a minute. */
export function signalOf(response: Response): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, AbortSignal.timeout(PATIENCE_MS)]);
}

/** What is at hand in a route that takes JSON. */
export interface JsonCall<S extends z.ZodType> {
  readonly body: z.output<S>;
  readonly request: Request;
  readonly response: Response;
  readonly key: string | undefined;
}

/** A route that takes JSON: parse, call, answer. With an Idempotency-Key the same request is answered once. */
export function takesJson<S extends z.ZodType>(
  { once }: RequestParts,
  schema: S,
  call: (call: JsonCall<S>) => Promise<Partial<Answer>>,
  { mayBeBare = false }: { readonly mayBeBare?: boolean } = {},
): RequestHandler {
  return async (request, response) => {
    const what = `${request.method} ${request.baseUrl}${request.path}`;
    const bytes = mayBeBare && isBare(request) ? NOTHING_SAID : await readJson(request, response);
    const body = parseJson(schema, fromUtf8(bytes), what);
    const key = idempotencyKey(request.get('idempotency-key'));
    const caller = (response.locals['caller'] as Signer | undefined)?.keyId;
    const digest = createHash('sha256').update(`${what}\n`).update(bytes).digest('hex');
    const answer = async (): Promise<Answer> => ({
      status: 200,
      headers: {},
      body: null,
      ...(await call({ body, request, response, key })),
    });
    const given = caller === undefined ? await answer() : await once(caller, key, digest, answer);
    send(response, given);
  };
}

function readJson(request: Request, response: Response): Promise<Uint8Array> {
  expectJson(request);
  return readWhole(bodyOf(request, response, JSON_LIMIT));
}

const NOTHING_SAID = utf8('{}');

/** No body at all, and not from a web page, which would name its origin. */
const isBare = ({ headers }: Request): boolean =>
  ['content-type', 'transfer-encoding', 'origin', 'sec-fetch-site'].every(
    (name) => headers[name] === undefined,
  ) && Number(headers['content-length'] ?? 0) === 0;

/** A form of a web page of somebody else's cannot send this type. */
function expectJson(request: Request): void {
  if (request.is('application/json') === 'application/json') return;
  throw new HttpRefusal('INPUT_INVALID', 'expected application/json', {
    status: 415,
    headers: { Accept: 'application/json' },
    pointer: '/Content-Type',
  });
}

/** A route that only reads: JSON out. */
export function answersJson(
  call: (request: Request, response: Response) => Promise<unknown>,
): RequestHandler {
  return async (request, response) => {
    response.json(await call(request, response));
  };
}

export function send(response: Response, { status, headers, body }: Answer): void {
  // a body that was not wanted is not read
  if (!response.req.complete) response.set('Connection', 'close');
  response.status(status).set(headers);
  if (body === null) response.end();
  else response.json(body);
}

/** The typed values of a path's parameters or a query. @throws `INPUT_INVALID` naming the parameter. */
export const parameters = <S extends z.ZodType>(schema: S, values: unknown): z.output<S> =>
  parse(schema, { ...(values as object) }, 'the address');
