/**
 * How long the ledger may keep somebody waiting who asked for something: less than half a minute.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { withDeadline } from '../deadline.ts';

const SECONDS = 28;

/**
 * (Agent) What the ledger answers in that time.
 *
 * @throws also `LEDGER_UNREACHABLE` where the time is over: what was sent may have its effect yet.
 */
export const answered = <T>(what: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> =>
  withDeadline(
    SECONDS * 1_000,
    new AbortController().signal,
    () => new HoldfastError('LEDGER_UNREACHABLE', `${what}: no answer within ${SECONDS} s`),
    ask,
  );
