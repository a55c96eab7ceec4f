/**
 * Money moves, it is never made here: what leaves a purse or a note arrives in another.
 *
 * Amounts are base units as bigint, decimal strings in JSON, at most 38 digits.
 *
 * @module
 */
import { fromHex, hex, u32be } from '@holdfast/protocol/bytes.js';
import { transcript } from '@holdfast/protocol/hash.js';
import type { Purse } from '@holdfast/protocol/account-records.js';
import { expectField, must } from './refuse.ts';

const MOST = 10n ** 38n - 1n;

export const EMPTY_PURSE: Purse = { balance: '0', fees: '0' };

/** Adds `amounts` to a lane. @throws `INPUT_INVALID` where the sum has more than 38 digits. */
export function deposit(purse: Purse, amounts: readonly string[]): Purse {
  const balance = BigInt(purse.balance) + sum(amounts);
  must(balance <= MOST, 'INPUT_INVALID', 'a lane holds at most 38 digits');
  return { ...purse, balance: String(balance) };
}

/** Takes `amounts` out of a lane. @throws `BALANCE_TOO_LOW`. */
export function withdraw(purse: Purse, amounts: readonly string[]): Purse {
  const wanted = sum(amounts);
  const balance = BigInt(purse.balance);
  must(balance >= wanted, 'BALANCE_TOO_LOW', `${wanted} wanted, the lane holds ${balance}`);
  return { ...purse, balance: String(balance - wanted) };
}

/** @throws `INPUT_INVALID` naming the first amount of nothing. */
export function checkAmounts(amounts: readonly string[]): void {
  for (const [i, amount] of amounts.entries()) {
    expectField(amount !== '0', `/amounts/${i}`, 'expected more than 0');
  }
}

/** T("credit", transaction id, u32 i), hex: notes are written blind, so their ids must be new by construction. */
export const creditId = (transactionId: string, index: number): string =>
  hex(transcript('credit', fromHex(transactionId, 32), u32be(index)));

const sum = (amounts: readonly string[]): bigint =>
  amounts.reduce((total, amount) => total + BigInt(amount), 0n);
