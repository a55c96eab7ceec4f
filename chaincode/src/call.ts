/**
 * How every function of every contract begins and ends.
 *
 * @module
 */
import { hex, utf8 } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { organisationAccountId } from '@holdfast/protocol/ids.js';
import type { LedgerEventName, LedgerEvents } from '@holdfast/protocol/ledger-events.js';
import type { Account } from '@holdfast/protocol/account-records.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import {
  EVALUATE,
  SUBMIT,
  type Evaluate,
  type Result,
  type Submit,
} from '@holdfast/protocol/ledger-transactions.js';
import { parseJson, type Role } from '@holdfast/protocol/schema.js';
import type { z } from 'zod';
import { callerOf, type Caller } from './caller.ts';
import { canonicalJson } from './canonical-json.ts';
import { Context } from './fabric.ts';
import { authorise } from './permissions.ts';
import { KEYS } from './state-keys.ts';
import { openState, type State } from './state.ts';

const ARGUMENTS = { ...SUBMIT, ...EVALUATE };

/** Characters of one argument; a transaction must stay under 1 MiB. */
const ARGUMENT_LIMIT = 900_000;

export type Parsed<F extends Submit | Evaluate> = z.output<(typeof ARGUMENTS)[F]>;

/** A transaction whose arguments are parsed and whose caller may make it. */
export interface Call<F extends Submit | Evaluate> {
  readonly args: Parsed<F>;
  readonly state: State;
  readonly config: Config;
  readonly caller: Caller & { readonly role: Role };
  readonly channel: string;
  readonly transactionId: string;
}

/** @throws `INPUT_INVALID`, `TOO_LARGE`, `NOT_ALLOWED`; `NOT_FOUND` before the ledger has a configuration. */
export async function begin<F extends Submit | Evaluate>(
  ctx: Context,
  name: F,
  text: string,
): Promise<Call<F>> {
  const args = parseArguments(name, text);
  const state = openState(ctx.stub);
  const config = await state.find(KEYS.config(), 'configuration yet');
  const caller = callerOf(ctx);
  const role = authorise(name, config, caller);
  return {
    args,
    state,
    config,
    caller: { ...caller, role },
    channel: ctx.stub.getChannelID(),
    transactionId: ctx.stub.getTxID(),
  };
}

export function parseArguments<F extends Submit | Evaluate>(name: F, text: string): Parsed<F> {
  if (text.length > ARGUMENT_LIMIT) {
    throw new HoldfastError('TOO_LARGE', `${name} takes at most ${ARGUMENT_LIMIT} characters`);
  }
  return parseJson(ARGUMENTS[name], text, name) as Parsed<F>;
}

/** Ends a submit: sets the one event of the transaction. */
export function commit<F extends Submit, E extends LedgerEventName>(
  ctx: Context,
  _name: F,
  event: readonly [name: E, payload: LedgerEvents[E]],
  result: Result<F>,
): string {
  ctx.stub.setEvent(event[0], utf8(canonicalJson(event[1])));
  return canonicalJson(result);
}

/** Ends an evaluate. */
export const answer = <F extends Evaluate>(_name: F, result: Result<F>): string =>
  canonicalJson(result);

/**
 * The open account of the owner who calls: whatever certificate its key has now.
 *
 * @throws `NOT_ALLOWED`
 */
export async function callersAccount({
  state,
  caller,
}: Pick<Call<Submit>, 'state' | 'caller'>): Promise<Account> {
  const signer = await state.find(
    KEYS.signer(caller.signer),
    'account was opened with this key',
    'NOT_ALLOWED',
  );
  const account = await state.find(KEYS.account(signer.ownerId), 'such account', 'NOT_ALLOWED');
  if (account.mspId !== caller.mspId || account.state !== 'open') {
    throw new HoldfastError('NOT_ALLOWED', `the account ${account.ownerId} is not open to you`);
  }
  return account;
}

/** Whose purse the caller spends from: an owner its own, an agent its organisation's. */
export async function callersPurse(call: Pick<Call<Submit>, 'state' | 'caller'>): Promise<string> {
  return call.caller.role === 'agent'
    ? hex(organisationAccountId(call.caller.mspId))
    : (await callersAccount(call)).ownerId;
}
