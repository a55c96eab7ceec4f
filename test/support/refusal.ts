/** What a call that must be refused throws: its code, to be compared with the closed list. */
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';

export function refusalOf(call: () => unknown): HoldfastError {
  try {
    call();
  } catch (problem) {
    if (problem instanceof HoldfastError) return problem;
    throw problem;
  }
  throw new Error('nothing was refused');
}

export async function refusalOfAsync(promised: Promise<unknown>): Promise<HoldfastError> {
  const outcome = await promised.then(
    () => undefined,
    (problem: unknown) => problem,
  );
  if (outcome instanceof HoldfastError) return outcome;
  throw outcome ?? new Error('nothing was refused');
}

export const codeOf = (call: () => unknown): ErrorCode => refusalOf(call).code;
