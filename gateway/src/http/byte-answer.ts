/**
 * Bytes as an answer: HEAD, Range, If-Range, If-Match, If-None-Match and ETag (RFC 9110 sections 13 and 14).
 *
 * @module
 */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { ByteRange } from '../roles.ts';
import { isHeldBy } from './preconditions.ts';
import { HttpRefusal } from './problem.ts';

export interface ByteAnswer {
  /** With its quotes. */
  readonly etag: string;
  /** Media type. */
  readonly type: string;
  /** Called unless the client has this version. */
  readonly open: () => Promise<OpenedBytes>;
}

export interface OpenedBytes {
  /** undefined where nobody knows before the end: then there are no ranges. */
  readonly size?: number;
  /** @param range - undefined: all of it. */
  readonly read: (range: ByteRange | undefined) => AsyncIterable<Uint8Array>;
}

/** Answers a GET or a HEAD. */
export async function sendBytes(
  request: Request,
  response: Response,
  { etag, type, open }: ByteAnswer,
): Promise<void> {
  response.set({ ETag: etag, 'Cache-Control': 'private, no-cache' });
  // as it was given: Express would add a charset
  response.setHeader('Content-Type', type);
  if (isHeldBy(request, etag)) {
    response.status(304).end();
    return;
  }
  const { size, read } = await open();
  const range = size === undefined ? undefined : rangeOf(request, etag, size);
  response.status(range === undefined ? 200 : 206).set(headersOf(size, range));
  if (request.method === 'HEAD') response.end();
  else await stream(read(range), response);
}

function headersOf(size: number | undefined, range: ByteRange | undefined): Record<string, string> {
  if (size === undefined) return { 'Accept-Ranges': 'none' };
  const { start, end } = range ?? { start: 0, end: size };
  return {
    'Accept-Ranges': 'bytes',
    'Content-Length': String(end - start),
    ...(range === undefined ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${size}` }),
  };
}

/**
 * One range of a GET, the only method that has them; of several, of another unit, or of a version that is no longer, the
 * whole is sent (RFC 9110 sections 13.1.5 and 14.2).
 */
function rangeOf(request: Request, etag: string, size: number): ByteRange | undefined {
  const condition = request.get('if-range') ?? etag;
  if (condition !== etag || request.method !== 'GET') return undefined;
  const range = asked(request.get('range') ?? '', size);
  if (range === undefined || range.start < range.end) return range;
  throw new HttpRefusal('INPUT_INVALID', `there are ${size} bytes`, {
    status: 416,
    headers: { 'Content-Range': `bytes */${size}` },
    pointer: '/Range',
  });
}

function asked(header: string, size: number): ByteRange | undefined {
  const found = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header);
  if (found === null) return undefined;
  const [, first = '', last = ''] = found;
  return first === '' ? lastBytes(last, size) : between(first, last, size);
}

const lastBytes = (count: string, size: number): ByteRange | undefined =>
  count === '' ? undefined : { start: Math.max(0, size - Number(count)), end: size };

/** undefined where the range ends before it begins: it means nothing, and counts as none. */
function between(first: string, last: string, size: number): ByteRange | undefined {
  if (last !== '' && Number(last) < Number(first)) return undefined;
  return { start: Number(first), end: last === '' ? size : Math.min(size, Number(last) + 1) };
}

/** For a client to read what it was sent, milliseconds; more than any block takes to be read and verified. */
const STALL_MS = 120_000;

/** What fails on the way ends the connection: a whole answer is one that has all its bytes. */
export async function stream(
  bytes: AsyncIterable<Uint8Array>,
  response: Response,
  stallMs = STALL_MS,
): Promise<void> {
  // whoever does not read is left; Node takes the time back when the answer is whole
  response.setTimeout(stallMs, () => response.destroy());
  try {
    await pipeline(Readable.from(bytes, { objectMode: false }), response);
  } catch (error) {
    if (response.destroyed && !(error instanceof HoldfastError)) return;
    throw error;
  }
}
