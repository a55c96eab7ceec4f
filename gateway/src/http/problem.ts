/**
 * Refusals as RFC 9457 problem documents; the table of codes in `protocol/errors` gives status and title.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorRequestHandler, Response } from 'express';
import { ERRORS, HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import type { Problem } from '@holdfast/protocol/network-messages.js';
import type { Logger } from '../log.ts';
import { traced } from './request-log.ts';
import type { RetryAfter } from './retry-after.ts';

/** A refusal with what only HTTP can say: another status, headers such as Retry-After. */
export class HttpRefusal extends HoldfastError {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ErrorCode,
    detail: string,
    options: {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly pointer?: string;
    },
  ) {
    super(code, detail, options);
    this.status = options.status;
    this.headers = options.headers ?? {};
  }
}

/** What one can do about it, where one can say so without knowing more. */
const NEXT: Partial<Record<ErrorCode, string>> = {
  RATE_LIMITED: 'Wait as long as Retry-After says, then send the same request again.',
  EPOCH_PASSED: 'Build the transaction again with the present epoch.',
  CONFLICT: 'Build the transaction again from the present state.',
  LEDGER_UNREACHABLE:
    'Send the same request later, under the same Idempotency-Key: it has one effect.',
  STORAGE_UNREACHABLE: 'Send the same request later; what is durable stays.',
};

/** What one can do about a code's cause. */
export const nextOf = (code: ErrorCode): string | undefined => NEXT[code];

/** The problem document of an error; errors without a code of ours tell nothing but that they are our fault. */
export function problemOf(error: unknown, instance: string): Problem {
  const fault =
    error instanceof HoldfastError
      ? error
      : new HoldfastError('INTERNAL', 'the gateway failed; its log says where');
  const [status, , title] = ERRORS[fault.code];
  const next = NEXT[fault.code];
  return {
    type: `/problems/${fault.code}`,
    title,
    status: (error instanceof HttpRefusal ? error.status : undefined) ?? status,
    code: fault.code,
    detail: fault.detail,
    instance,
    ...(next === undefined ? {} : { next }),
    ...(fault.pointer === undefined || fault.pointer === ''
      ? {}
      : { errors: [{ pointer: fault.pointer, detail: fault.detail }] }),
  };
}

/** The one error handler of the application. */
export function answerProblems(
  log: Logger,
  retryAfter: RetryAfter = () => undefined,
): ErrorRequestHandler {
  return (thrown: unknown, request, response, _next) => {
    const error = fromExpress(thrown);
    const problem = problemOf(error, request.path);
    response.locals['code'] = problem.code;
    if (problem.code === 'INTERNAL') {
      log.error({ event: 'RequestFailed', ...traced(request, response), err: thrown });
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // what is left of a refused body is not read
    if (!request.complete) response.set('Connection', 'close');
    const seconds = error instanceof HoldfastError ? retryAfter(error.code) : undefined;
    if (seconds !== undefined) response.set('Retry-After', String(seconds));
    if (error instanceof HttpRefusal) response.set(error.headers);
    sendProblem(response, problem);
  };
}

export function sendProblem(response: Response, problem: Problem): void {
  response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
}

/** What no request can be made of: bad framing, headers without end, a client that takes minutes for them. */
const UNREADABLE: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the headers are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the headers did not come in time'],
};

/** For the answer to be read; then the connection is cut off. */
const LINGER_MS = 500;

/** Answers before the connection is closed, as the server would without a listener, but with a document. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  const [status, detail] = UNREADABLE[error.code ?? ''] ?? [400, 'not a well-formed HTTP request'];
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = new HttpRefusal('INPUT_INVALID', detail, { status });
  const { instance: _, ...problem } = problemOf(refusal, '');
  const body = JSON.stringify(problem);
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end([...lines, '', body].join('\r\n'));
  // whoever neither reads nor leaves would keep the connection for ever
  const late = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(late));
}

/** Express's own refusals (a path that is not well-formed) carry a status and no code. */
function fromExpress(thrown: unknown): unknown {
  const status = thrown instanceof URIError ? 400 : undefined;
  return status === 400
    ? new HoldfastError('INPUT_INVALID', 'the path is not well-formed', { cause: thrown })
    : thrown;
}
