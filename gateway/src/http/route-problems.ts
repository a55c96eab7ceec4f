/**
 * How a route may refuse: what it declares, and what comes with its kind.
 *
 * @module
 */
import { ERRORS, type ErrorCode } from '@holdfast/protocol/errors.js';
import type { Refused, Route } from './route.ts';

/** Of any request: its framing, its address, its method, how often it comes. */
const ALWAYS: readonly Refused[] = [
  'INPUT_INVALID',
  [405, 'INPUT_INVALID'],
  [414, 'INPUT_INVALID'],
  'INTERNAL',
];
const LIMITED: readonly Refused[] = ['RATE_LIMITED'];
/** Who asks, and whose it is; both stand on the ledger. */
const OWNERS: readonly Refused[] = ['SEED_LOCKED', 'NOT_ALLOWED', 'LEDGER_UNREACHABLE'];
const READS: readonly Refused[] = [
  [406, 'INPUT_INVALID'],
  [412, 'FILE_CHANGED'],
];
const TAKES: readonly Refused[] = [
  [412, 'FILE_CHANGED'],
  'TOO_LARGE',
  [415, 'INPUT_INVALID'],
  [408, 'INPUT_INVALID'],
];
/** With an Idempotency-Key. */
const KEYED: readonly Refused[] = [[422, 'INPUT_INVALID'], 'CONFLICT'];

/** Status -> codes under it, of all routes of one operation. */
export function problemsOf(alike: readonly Route[]): Map<number, Set<ErrorCode>> {
  const found = new Map<number, Set<ErrorCode>>();
  for (const refused of alike.flatMap(refusalsOf)) {
    const [status, code] = typeof refused === 'string' ? [ERRORS[refused][0], refused] : refused;
    found.set(status, (found.get(status) ?? new Set()).add(code));
  }
  return new Map([...found].toSorted(([a], [b]) => a - b));
}

const refusalsOf = ({ method, who, path, answers, takes, problems }: Route): Refused[] => [
  ...ALWAYS,
  ...(path === '/healthz' ? [] : LIMITED),
  ...(who === 'anybody' ? [] : OWNERS),
  ...(method === 'get' && answers[304] !== undefined ? READS : []),
  ...(takes === undefined ? [] : TAKES),
  ...(isKeyed(method) ? KEYED : []),
  ...problems,
];

/** Whether a request may come again under its key. */
export const isKeyed = (method: Route['method']): boolean => method === 'post' || method === 'put';
