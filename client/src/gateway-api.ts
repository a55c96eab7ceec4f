/**
 * The way to a gateway: signed requests, typed answers, problem documents as errors, retries that do no harm.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { hex, utf8 } from '@holdfast/protocol/bytes.js';
import { ERRORS, HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import { problem } from '@holdfast/protocol/network-messages.js';
import { parseJson } from '@holdfast/protocol/schema.js';
import { endOf, TaskGone } from './await-task.ts';
import { boundedText, plainAnswer } from './bounded-answer.ts';
import { signRequest } from './request-signature.ts';
import type { SigningKey } from './signing-key.ts';

export interface RequestOptions {
  readonly body?: Uint8Array;
  /** Encoded as JSON; in place of `body`. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface GatewayApi {
  /** Origin, without a slash at its end. */
  readonly url: string;
  /** The answer as it came, with a status below 300. @throws the gateway's refusal; `GATEWAY_UNREACHABLE`. */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
  /** The answer's JSON. @throws also `ANSWER_FALSE` where the answer is not what the interface says. */
  call<S extends z.ZodType>(
    method: string,
    path: string,
    schema: S,
    options?: RequestOptions,
  ): Promise<z.output<S>>;
}

export interface GatewayOptions {
  readonly url: string;
  /** Absent before there is an owner: then nothing is signed. */
  readonly key?: SigningKey;
  readonly random: (length: number) => Uint8Array;
  readonly nowMs: () => number;
}

/** Pauses before the second, third and fourth try. */
const PAUSES_MS = [200, 1_000, 3_000];
/**
 * How long from the first try on a request is sent again where a gateway says that something behind it does not answer,
 * milliseconds. It says so of an order within 20 s: whoever waits knows within half a minute.
 */
const AGAIN_MS = 10_000;
/** Times that a task is begun. */
const TRIES = 3;
const LONGEST_PAUSE_MS = 30_000;
/** Of an answer in JSON, and of a problem document. */
const ANSWER_BYTES = 16 * 2 ** 20;
const PROBLEM_BYTES = 65_536;
/** A gateway that says so asks for the same request later. */
const LATER = [429, 502, 503, 504];
/** A store without room stays so for longer than a person waits. */
const FULL = 507;
const KEYED = ['POST', 'PUT'];
/** Not idempotent by a key: a part of an upload says its offset, and a lost answer is found by asking for it. */
const ONCE = ['PATCH'];

/** (Owner) A connection to one gateway; nothing is sent before the first request. */
export function newGatewayApi({ url, key, random, nowMs }: GatewayOptions): GatewayApi {
  const origin = originOf(url);

  async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
    const target = new URL(path, `${origin}/`);
    const body = options.json === undefined ? options.body : utf8(JSON.stringify(options.json));
    const headers: Record<string, string> = {
      accept: 'application/json, application/problem+json, application/octet-stream',
      'accept-encoding': 'identity',
      ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    };
    const unsigned = { method, url: target, headers, ...(body === undefined ? {} : { body }) };
    const signed = key === undefined ? headers : await signRequest(unsigned, key, nowMs(), random);
    const answer = await fetch(target, {
      method,
      headers: signed,
      body: body ?? null,
      redirect: 'error',
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }).catch((cause: unknown) => {
      options.signal?.throwIfAborted();
      throw new HoldfastError('GATEWAY_UNREACHABLE', `no answer from ${origin}`, { cause });
    });
    return plainAnswer(answer, `${method} ${path}`);
  }

  /** Sends it again as long as that does no harm. */
  async function insist(method: string, path: string, options: RequestOptions): Promise<Response> {
    const end = performance.now() + AGAIN_MS;
    for (let tries = 0; ; tries++) {
      const shortest = ONCE.includes(method) ? undefined : PAUSES_MS[tries];
      const outcome = await send(method, path, options).catch((error: unknown) => error);
      if (outcome instanceof Response && outcome.ok) return outcome;
      const pause = pauseAfter(outcome, shortest);
      const isLate = isUnreached(outcome) && performance.now() + (pause ?? 0) > end;
      if (pause === undefined || isLate) throw await refusalOf(outcome, method);
      await delay(pause, undefined, { signal: options.signal });
    }
  }

  async function request(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<Response> {
    const headers = KEYED.includes(method)
      ? { 'idempotency-key': hex(random(16)), ...options.headers }
      : (options.headers ?? {});
    const { signal } = options;
    const ask = (task: string) => insist('GET', task, signal === undefined ? {} : { signal });
    for (let tries = 1; ; tries++) {
      const answer = await insist(method, path, { ...options, headers });
      try {
        const ended = await endOf(answer, ask, signal);
        if (ended.ok) return ended;
        throw await refusalOf(ended, method);
      } catch (error) {
        // a task that ended with the gateway's process: the same request begins it again
        if (!(error instanceof TaskGone) || tries === TRIES) throw error;
      }
    }
  }

  return {
    url: origin,
    request,
    async call(method, path, schema, options) {
      const response = await request(method, path, options);
      const what = `${method} ${path}`;
      const text = await boundedText(response, ANSWER_BYTES);
      try {
        return parseJson(schema, text, what);
      } catch (cause) {
        throw new HoldfastError('ANSWER_FALSE', `${what}: not the answer that was agreed`, {
          cause,
        });
      }
    },
  };
}

function originOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)) {
    throw new HoldfastError('INPUT_INVALID', `the gateway is no http address: ${url}`);
  }
  return parsed.origin;
}

const isWorthRetrying = (outcome: unknown): boolean =>
  outcome instanceof Response
    ? LATER.includes(outcome.status) ||
      (outcome.headers.has('retry-after') && outcome.status !== FULL)
    : outcome instanceof HoldfastError && outcome.code === 'GATEWAY_UNREACHABLE';

/** Somebody behind the gateway does not answer; one that is asked too often says when there is time again. */
const isUnreached = (outcome: unknown): boolean =>
  outcome instanceof Response && outcome.status >= 500;

/** @returns milliseconds; undefined where the same request is not sent again. */
function pauseAfter(outcome: unknown, shortest: number | undefined): number | undefined {
  if (shortest === undefined || !isWorthRetrying(outcome)) return undefined;
  const seconds = outcome instanceof Response ? Number(outcome.headers.get('retry-after')) : 0;
  return seconds > 0 ? Math.min(seconds * 1000, LONGEST_PAUSE_MS) : shortest;
}

/** A problem document as the error that it tells of. */
async function refusalOf(outcome: unknown, what: string): Promise<unknown> {
  if (!(outcome instanceof Response)) return outcome;
  const text = await boundedText(outcome, PROBLEM_BYTES).catch(() => '');
  const told = problem.safeParse(jsonOf(text));
  if (!told.success || !Object.hasOwn(ERRORS, told.data.code)) {
    const said = `${what} ${outcome.url}: status ${outcome.status} without a problem document`;
    return new HoldfastError(codeOfStatus(outcome.status), said);
  }
  const { code, detail, errors } = told.data;
  const pointer = errors?.[0]?.pointer;
  return new HoldfastError(code as ErrorCode, detail, pointer === undefined ? {} : { pointer });
}

/** An answer to HEAD has no document, one of a proxy in between is not the gateway's. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 404) return 'NOT_FOUND';
  return status >= 500 ? 'GATEWAY_UNREACHABLE' : 'ANSWER_FALSE';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
