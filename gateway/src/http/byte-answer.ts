/**
 * Bytes as an answer: HEAD, Range, If-Range, If-None-Match and ETag, as any HTTP client knows them.
 *
 * @module
 */
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { ByteRange } from '../roles.ts';
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
  readonly size: number;
  /** @param range - undefined: all of it. */
  readonly read: (range: ByteRange | undefined) => AsyncIterable<Uint8Array>;
}

/** Answers a GET or a HEAD. */
export async function sendBytes(
  request: Request,
  response: Response,
  { etag, type, open }: ByteAnswer,
): Promise<void> {
  response.set({
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-cache',
  });
  // as it was given: Express would add a charset
  response.setHeader('Content-Type', type);
  if (holds(request.get('if-none-match'), etag)) {
    response.status(304).end();
    return;
  }
  const { size, read } = await open();
  const range = rangeOf(request, etag, size);
  const { start, end } = range ?? { start: 0, end: size };
  response.status(range === undefined ? 200 : 206).set('Content-Length', String(end - start));
  if (range !== undefined) {
    response.set('Content-Range', `bytes ${start}-${end - 1}/${size}`);
  }
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  await stream(read(range), response);
}

/** Whether one of the versions that a client has is this one. Its cache directives say nothing about that. */
const holds = (versions: string | undefined, etag: string): boolean =>
  (versions ?? '').split(',').some((version) => version.trim() === etag);

/** One range; of several, or of a version that is no longer, the whole is sent, as RFC 9110 allows. */
function rangeOf(request: Request, etag: string, size: number): ByteRange | undefined {
  const condition = request.get('if-range');
  if (condition !== undefined && condition !== etag) return undefined;
  const ranges = request.range(size);
  if (ranges === -1) {
    throw new HttpRefusal('INPUT_INVALID', `there are ${size} bytes`, {
      status: 416,
      headers: { 'Content-Range': `bytes */${size}` },
      pointer: '/Range',
    });
  }
  if (!Array.isArray(ranges) || ranges.type !== 'bytes') return undefined;
  const [range, ...others] = ranges;
  if (range === undefined || others.length > 0) return undefined;
  return { start: range.start, end: range.end + 1 };
}

/** What fails on the way ends the connection: a whole answer is one that has all its bytes. */
export async function stream(bytes: AsyncIterable<Uint8Array>, response: Response): Promise<void> {
  try {
    await pipeline(Readable.from(bytes, { objectMode: false }), response);
  } catch (error) {
    if (response.destroyed && !(error instanceof HoldfastError)) return;
    throw error;
  }
}
