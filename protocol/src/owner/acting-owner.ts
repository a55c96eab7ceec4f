/**
 * An owner at work, wherever its keys are: on a device of its own, or with an agent that it trusts (managed custody).
 * What reaches others, the ledger, storage and the key servers, is passed in.
 *
 * @module
 */
import type { Random } from '#platform';
import { fromHex, hex } from '../bytes.ts';
import { ORDER } from '../scalar.ts';
import type { Args, Evaluate, Result, Submit } from '../ledger-transactions.ts';
import type { OwnerSecrets } from '../owner-secrets.ts';
import type { Pool } from '../pool.ts';
import { publicKeyOf } from '../signature.ts';
import { tagKeyId } from '../tag-key.ts';

export interface Committed<F extends Submit> {
  readonly result: Result<F>;
  readonly transactionId: string;
  readonly ledgerBlockNumber: number;
}

export interface OwnerLedger {
  /**
   * A read that the owner may rely on.
   *
   * @param expected - what the answer must be about, such as the id that was asked for.
   * @throws the contract's refusal; `ANSWER_FALSE` where a check fails.
   */
  read<F extends Evaluate>(
    name: F,
    args: Args<F>,
    expected?: (result: Result<F>) => boolean,
  ): Promise<Result<F>>;
  /**
   * A transaction. Where another one came first, or the epoch passed, it is built anew.
   *
   * @param build - the arguments, from the state at the time of each try.
   * @param expected - what the contract must have answered.
   */
  submit<F extends Submit>(
    name: F,
    build: () => Promise<Args<F>>,
    expected: (result: Result<F>) => boolean,
  ): Promise<Committed<F>>;
}

export interface ActingOwner {
  readonly ownerId: Uint8Array;
  /** `owner`, or the MSP id of the agent that holds the keys. */
  readonly custody: string;
  readonly channel: string;
  readonly secrets: OwnerSecrets;
  readonly tagKeyId: string;
  readonly ledger: OwnerLedger;
  readonly random: Random;
  /** Where files are sealed and tagged; inline unless given. */
  readonly pool?: Pool | undefined;
}

/** (Owner) T("tag-key", ownerId, X, X') of its tag key, hex. @param ownerId - hex. */
export const ownTagKeyId = (ownerId: string, { tagKey: { x, alpha } }: OwnerSecrets): string =>
  hex(tagKeyId(fromHex(ownerId), publicKeyOf(x), publicKeyOf((x * alpha) % ORDER)));
