/**
 * Refusals of a rule, each naming what it is about.
 *
 * @module
 */
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';

/** @throws `{code}: {sentence}` unless the rule holds. */
export function must(
  holds: boolean,
  code: ErrorCode,
  sentence: string,
  pointer?: string,
): asserts holds {
  if (!holds) throw new HoldfastError(code, sentence, pointer === undefined ? {} : { pointer });
}

/** @throws `INPUT_INVALID: {pointer}: {reason}` unless the argument is right. */
export function expectField(holds: boolean, pointer: string, reason: string): asserts holds {
  must(holds, 'INPUT_INVALID', `${pointer}: ${reason}`, pointer);
}

/** Ids are long; a refusal shows enough of one to tell it. */
export const short = (id: string): string => `${id.slice(0, 12)}…`;
