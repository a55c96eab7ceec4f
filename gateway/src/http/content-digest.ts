/**
 * Bodies of requests: bounded, streamed, and equal to the digest that their signature covers (RFC 9530).
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';
import { equalBytes } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { FLOW, flowing, type Flow } from './body-flow.ts';
import { HttpRefusal } from './problem.ts';

/**
 * SHA-256 of the body as `Content-Digest: sha-256=:<base64>:` claims it.
 *
 * @returns undefined where there is no such header.
 * @throws `INPUT_INVALID` where it names another algorithm or is not well-formed.
 */
export function claimedDigest(header: string | undefined): Uint8Array | undefined {
  if (header === undefined) return undefined;
  const encoded = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(header.trim())?.[1];
  if (encoded === undefined) {
    throw new HoldfastError('INPUT_INVALID', 'expected Content-Digest: sha-256=:<base64>:', {
      pointer: '/Content-Digest',
    });
  }
  return Buffer.from(encoded, 'base64');
}

/** A body as one signed it; to be read to its end, where its digest is compared. */
export interface Body {
  /** From Content-Length. */
  readonly length: number;
  /** @throws `INPUT_INVALID` at the end where the digest does not match: nothing that came may count before. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * The body of a request.
 *
 * @param most - bytes.
 * @throws `TOO_LARGE`; `INPUT_INVALID` without a Content-Length, or where it is compressed.
 */
export function bodyOf(request: Request, response: Response, most: number): Body {
  const { length, bytes } = streamOf(request, response, most);
  if (length === undefined) {
    throw new HoldfastError('INPUT_INVALID', 'expected a Content-Length', {
      pointer: '/Content-Length',
    });
  }
  return { length, bytes };
}

/** A body whose length may not be known before its end. */
export interface StreamedBody extends Pick<Body, 'bytes'> {
  readonly length: number | undefined;
  /** SHA-256; undefined before the end. */
  readonly digest: () => Uint8Array | undefined;
  /** Resolves at the end, where all is as it should be. */
  readonly ended: Promise<void>;
}

/** As {@link bodyOf}; the body may be chunked. */
export function streamOf(
  request: Request,
  response: Response,
  most: number,
  flow: Flow = FLOW,
): StreamedBody {
  const encoding = request.get('content-encoding');
  if (encoding !== undefined) {
    throw new HttpRefusal('INPUT_INVALID', 'expected a body that is not encoded', {
      status: 415,
      headers: { 'Accept-Encoding': 'identity' },
      pointer: '/Content-Encoding',
    });
  }
  const length = lengthOf(request);
  if (length !== undefined && length > most) throw tooLarge(most, length);
  const claimed = claimedDigest(request.get('content-digest'));
  let digest: Uint8Array | undefined;
  let end = (_digest: Uint8Array): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = (found) => {
      digest = found;
      resolve();
    };
  });
  const whole = (found: Uint8Array): void => end(found);
  const bytes = readChecked(request, response, { length, most, claimed, flow, end: whole });
  return { length, bytes, digest: () => digest, ended };
}

/** @returns undefined where the body is chunked. */
function lengthOf(request: Request): number | undefined {
  const given = request.get('content-length');
  if (given === undefined) {
    return request.get('transfer-encoding') === undefined ? 0 : undefined;
  }
  const length = Number(given);
  if (Number.isSafeInteger(length)) return length;
  throw new HoldfastError('INPUT_INVALID', 'expected a Content-Length', {
    pointer: '/Content-Length',
  });
}

const tooLarge = (most: number, length: number): HoldfastError =>
  new HoldfastError('TOO_LARGE', `at most ${most} bytes, got ${length}`, {
    pointer: '/Content-Length',
  });

interface Expected {
  readonly length: number | undefined;
  readonly most: number;
  readonly claimed: Uint8Array | undefined;
  readonly flow: Flow;
  /** Called with the digest of a body that is as it should be. */
  readonly end: (digest: Uint8Array) => void;
}

async function* readChecked(
  request: Request,
  response: Response,
  expected: Expected,
): AsyncGenerator<Uint8Array, void> {
  if (request.get('expect')?.toLowerCase() === '100-continue') response.writeContinue();
  const hash = createHash('sha256');
  let seen = 0;
  try {
    for await (const bytes of flowing(request, expected.flow)) {
      seen += bytes.length;
      if (seen > expected.most) break;
      hash.update(bytes);
      yield bytes;
    }
  } catch (cause) {
    if (cause instanceof HttpRefusal) throw cause;
    throw new HoldfastError('INPUT_INVALID', `the body broke off after ${seen} bytes`, {
      pointer: '/Content-Length',
      cause,
    });
  }
  const digest = hash.digest();
  checkEnd(seen, digest, expected);
  expected.end(digest);
}

function checkEnd(seen: number, digest: Uint8Array, { length, most, claimed }: Expected): void {
  if (seen > most) throw tooLarge(most, seen);
  if (length !== undefined && seen !== length) {
    throw new HoldfastError('INPUT_INVALID', `expected ${length} bytes, got ${seen}`, {
      pointer: '/Content-Length',
    });
  }
  if (claimed !== undefined && !equalBytes(digest, claimed)) {
    throw new HoldfastError('INPUT_INVALID', 'the body does not match its Content-Digest', {
      pointer: '/Content-Digest',
    });
  }
}

/** The whole body, for small ones. */
export async function readWhole(body: Pick<Body, 'bytes'>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body.bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
