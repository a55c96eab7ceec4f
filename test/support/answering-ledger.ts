/** A ledger of an owner that answers what a test tells it to: stale, wrong, or no record at all. */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Args, Evaluate, Result, Submit } from '@holdfast/protocol/ledger-transactions.js';
import type { OwnerLedger } from '@holdfast/protocol/owner/acting-owner.js';

/** What each function answers; one that is not named is `NOT_FOUND`. */
export type Answers = {
  readonly [F in Submit | Evaluate]?: (args: Args<F>) => Result<F>;
};

export interface AnsweringLedger extends OwnerLedger {
  /** Names and arguments of all transactions, in order. */
  readonly submitted: readonly { readonly name: Submit; readonly args: unknown }[];
}

/** Refuses an answer that is not about what was asked, as every ledger of an owner does. */
export function answeringLedger(answers: Answers): AnsweringLedger {
  const submitted: { name: Submit; args: unknown }[] = [];

  function answer<F extends Submit | Evaluate>(
    name: F,
    args: Args<F>,
    expected: (result: Result<F>) => boolean,
  ): Result<F> {
    const found = answers[name] as ((args: Args<F>) => Result<F>) | undefined;
    if (found === undefined) throw new HoldfastError('NOT_FOUND', `${name}: no such record`);
    const result = found(args);
    if (!expected(result)) throw new HoldfastError('ANSWER_FALSE', `${name}: another record`);
    return result;
  }

  return {
    submitted,
    read: async (name, args, expected = () => true) => answer(name, args, expected),
    async submit(name, build, expected) {
      const args = await build();
      submitted.push({ name, args });
      const result = answer(name, args, expected);
      return { result, transactionId: 'ab'.repeat(32), ledgerBlockNumber: 7 };
    },
  };
}
