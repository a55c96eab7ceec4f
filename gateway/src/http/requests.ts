/**
 * What every route does before and after its own work: who asks, what is asked, and the answer.
 *
 * @module
 */
import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { parse } from '@holdfast/protocol/schema.js';
import type { Answer, Once } from './idempotency.ts';
import { targetOf, type OriginOf } from './origins.ts';
import type { Authenticate, Signer } from './signature-auth.ts';
import type { Tasks } from './tasks.ts';

/** How long anybody answers for a request, milliseconds: one that reads, and one with an effect. */
const PATIENCE_MS = 60_000;
const WORK_MS = 3_600_000;

export interface RequestParts {
  readonly authenticate: Authenticate;
  readonly originOf: OriginOf;
  readonly once: Once;
  readonly tasks: Tasks;
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

const isReading = (method: string): boolean => method === 'GET' || method === 'HEAD';

/** Milliseconds in which a request is answered, or never. */
export const longestOf = (method: string): number => (isReading(method) ? PATIENCE_MS : WORK_MS);

/** Ends when whoever reads has gone or nobody answers for a minute; what has an effect goes on where its sender has left. */
export function signalOf(response: Response): AbortSignal {
  const { method } = response.req;
  const late = AbortSignal.timeout(longestOf(method));
  if (!isReading(method)) return late;
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, late]);
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
