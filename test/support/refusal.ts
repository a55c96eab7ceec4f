/** What a call that must be refused throws: its code, to be compared with the closed list. */
import { setImmediate as nextTurn } from 'node:timers/promises';
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

/** Calls until it is refused: the refusal. */
export async function untilRefused(call: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      await call();
    } catch (refusal) {
      return refusal;
    }
    await nextTurn();
  }
}
