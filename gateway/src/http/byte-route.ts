/**
 * Routes whose bodies or answers are bytes.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { z } from 'zod';
import { hex } from '@holdfast/protocol/bytes.js';
import { claimedDigest, streamOf, type StreamedBody } from './content-digest.ts';
import { idempotencyKey } from './idempotency.ts';
import { answersOf, asAnswer, expectAccepted, type Effect, type Given } from './json-route.ts';
import { CONDITIONS, expectUnconditional } from './preconditions.ts';
import { HttpRefusal } from './problem.ts';
import { counted } from './request-limits.ts';
import { callerOf, send, type RequestParts } from './requests.ts';
import { route, type Call, type Declared, type Nothing, type Route } from './route.ts';

const OCTETS = 'application/octet-stream';

interface Sending<P extends z.ZodObject> extends Declared<P, Nothing> {
  /** Media type. */
  readonly type: string;
  /** Whether ranges of it can be had. */
  readonly hasRanges: boolean;
  readonly answerHeaders?: Readonly<Record<string, string>>;
}

/** A route that sends bytes, by {@link sendBytes}. */
export function sends<P extends z.ZodObject = Nothing>(
  { type, hasRanges, answerHeaders, ...declared }: Sending<P>,
  call: (call: Call<P, Nothing>) => Promise<void>,
): Route {
  const content = { [type]: null };
  const headers = { ETag: 'of this version', ...answerHeaders };
  const spec = {
    ...declared,
    method: 'get' as const,
    headers: { ...CONDITIONS, ...(hasRanges ? RANGES : {}), ...declared.headers },
    problems: [...(declared.problems ?? []), ...(hasRanges ? [UNSATISFIABLE] : [])],
    answers: {
      200: { says: 'All of it', content, headers },
      ...(hasRanges
        ? { 206: { says: 'The range', content, headers: { ...headers, ...PART } } }
        : {}),
      304: { says: 'If-None-Match names the present version', headers },
    },
  };
  return route<P, Nothing>(spec, async (asked) => {
    if (type === OCTETS || type.startsWith('application/vnd.')) {
      expectAccepted(asked.request, type);
    }
    await call(asked);
  });
}

const UNSATISFIABLE = [416, 'INPUT_INVALID'] as const;
const RANGES = {
  Range: 'bytes=first-last: one range of it',
  'If-Range': 'the range in this version; of any other all of it',
} as const;
const PART = { 'Content-Range': 'where the range lies, and how many bytes there are' } as const;

export interface ByteCall<P extends z.ZodObject> extends Call<P, Nothing> {
  /** Opens the body, of at most so many bytes. @throws `TOO_LARGE`; `INPUT_INVALID` (415) where it is encoded. */
  readonly open: (most: number) => StreamedBody;
  /** Of this request; undefined where it has none. */
  readonly key: string | undefined;
}

interface TakingBytes<A extends z.ZodType | null, P extends z.ZodObject> extends Effect<A, P> {
  /** What the body may be called; undefined: anything. */
  readonly type?: string;
  /** Bytes that a body has at most, whatever it is for. */
  readonly most: number;
}

/** A route that takes bytes and has an effect, with an Idempotency-Key once. */
export function takesBytes<A extends z.ZodType | null, P extends z.ZodObject = Nothing>(
  { once, tasks }: Pick<RequestParts, 'once' | 'tasks'>,
  { type, most, ...declared }: TakingBytes<A, P>,
  call: (call: ByteCall<P>) => Promise<Given<A>>,
): Route {
  const spec = {
    ...declared,
    headers: { 'Content-Digest': 'sha-256 of the body (RFC 9530)', ...declared.headers },
    takes: { content: { [type ?? '*/*']: null }, isOptional: false },
    answers: answersOf(declared, true),
  };
  return route<P, Nothing>(spec, async (asked) => {
    const { request, response } = asked;
    expectUnconditional(request);
    const key = idempotencyKey(request.get('idempotency-key'));
    const claimed = claimedDigest(request.get('content-digest'));
    let opened: StreamedBody | undefined;
    let begin = (_body: StreamedBody): void => undefined;
    const opening = new Promise<StreamedBody>((resolve) => (begin = resolve));
    const open = (limit: number): StreamedBody => {
      expectBytes(request, type);
      opened = streamOf(request, response, limit);
      begin(opened);
      return opened;
    };
    const same = {
      known: claimed === undefined ? undefined : digestOf(request, claimed),
      whole: async () => digestOf(request, await digestIn(opened ?? open(most))),
    };
    const answer = async () => asAnswer(declared.status, await call({ ...asked, open, key }));
    const { keyId, ownerId } = callerOf(response);
    const came = opening.then(({ ended }) => ended);
    const work = counted(response, once(keyId, key, same, answer));
    send(response, await tasks.within({ ownerId, key, came }, work));
  });
}

/** What the same request has in common with itself: its address, the type and the bytes of its body. */
const digestOf = (request: Request, body: Uint8Array): string => {
  const type = request.get('content-type') ?? '';
  const what = `${request.method} ${request.path}\n${type}\n${hex(body)}`;
  return createHash('sha256').update(what).digest('hex');
};

/** Reads what has not been read. */
async function digestIn({ bytes, digest }: StreamedBody): Promise<Uint8Array> {
  const known = digest();
  if (known !== undefined) return known;
  for await (const _ of bytes);
  return digest() ?? new Uint8Array();
}

function expectBytes(request: Request, type: string | undefined): void {
  const given = request.get('content-type');
  if (type === undefined || given === undefined || request.is(type) === type) return;
  throw new HttpRefusal('INPUT_INVALID', `expected ${type}`, {
    status: 415,
    headers: { Accept: type },
    pointer: '/Content-Type',
  });
}
