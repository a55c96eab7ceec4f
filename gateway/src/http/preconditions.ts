/**
 * Conditional requests (RFC 9110 section 13): a version that a client has, or insists on.
 *
 * What is answered here has no time of last modification, so conditions on one are ignored, as section 13.1 wants it.
 *
 * @module
 */
import type { Request } from 'express';
import { HttpRefusal } from './problem.ts';

/** Conditions that any route that shows a version understands, for the reference. */
export const CONDITIONS = {
  'If-Match': 'answered only in this version: else 412',
  'If-None-Match': 'not sent again in this version: 304',
} as const;

/**
 * Steps 1 and 3 of section 13.2.2, before anything is done or sent.
 *
 * @param etag - of the version that there is, with its quotes.
 * @returns whether a GET or a HEAD is answered 304.
 * @throws `FILE_CHANGED` (412).
 */
export function isHeldBy(request: Request, etag: string): boolean {
  const wanted = request.get('if-match');
  // strong comparison: a weak tag never matches
  if (wanted !== undefined && !tagsIn(wanted).some((tag) => tag === '*' || tag === etag)) {
    throw changed('If-Match', `the version is ${etag} now`);
  }
  const held = tagsIn(request.get('if-none-match') ?? '');
  if (!held.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag)) return false;
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  throw changed('If-None-Match', `there is a version, ${etag}`);
}

/**
 * Where there is no version of what is addressed, `If-Match` cannot hold and `If-None-Match` always does.
 *
 * @throws `FILE_CHANGED` (412).
 */
export function expectUnconditional(request: Request): void {
  if (request.get('if-match') === undefined) return;
  throw changed('If-Match', 'there is no version to match at this address');
}

const tagsIn = (header: string): string[] => header.split(',').map((tag) => tag.trim());

const changed = (header: string, detail: string): HttpRefusal =>
  new HttpRefusal('FILE_CHANGED', detail, { status: 412, pointer: `/${header}` });
