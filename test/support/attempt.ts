/** What a call answers, or the code of its refusal: for a row of inputs of which each may fail in its own way. */
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';

export function attempt<T>(call: () => T): T | ErrorCode {
  try {
    return call();
  } catch (problem) {
    if (problem instanceof HoldfastError) return problem.code;
    throw problem;
  }
}
