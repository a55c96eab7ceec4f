/**
 * What a transaction did, in a sentence.
 *
 * @module
 */
import type { Args, Result, Submit } from '@holdfast/protocol/ledger-transactions.js';
import type { LedgerTransaction } from './ledger.ts';

interface Done<F extends Submit> {
  readonly args: Args<F>;
  readonly result: Result<F>;
  /** Organisation that signed. */
  readonly by: string;
}

const short = (id: string): string => id.slice(0, 8);
const count = (number: number, what: string): string =>
  `${number} ${what}${number === 1 ? '' : 's'}`;

const SENTENCES: { readonly [F in Submit]: (done: Done<F>) => string } = {
  'accounts:configure': ({ args, by }) => `${by} proposed configuration ${args.config.version}`,
  'accounts:announce': ({ args, by }) => `${by} announced itself as ${args.announcement.role}`,
  'accounts:open': ({ result, by }) => `owner ${short(result.ownerId)} opened an account at ${by}`,
  'accounts:transfer': ({ args, by }) =>
    `${by} transferred ${count(args.amounts.length, 'credit note')} to ${short(args.to)}`,
  'accounts:collect': ({ args, result }) =>
    `${count(args.credits.length, 'credit note')} collected; lane ${args.lane} holds ${result.balance}`,
  'accounts:grantBudget': ({ args }) =>
    `${args.mspId} was granted a budget of ${count(args.amounts.length, 'credit note')}`,
  'files:register': ({ args, result }) =>
    `file ${short(result.fileId)} registered: ${count(args.version.blockCount, 'block')} on ${args.terms.nodes.join(', ')}`,
  'files:place': ({ args, by }) =>
    `${by} keeps file ${short(args.fileId)} on ${args.nodes.join(', ')}`,
  'files:ask': ({ args, result }) =>
    `an audit of file ${short(args.fileId)} was asked from epoch ${result.fromEpoch} on`,
  'files:retire': ({ args }) => `file ${short(args.fileId)} was retired`,
  'beacons:tick': ({ args, by }) =>
    `${by} says that the slot before epoch ${args.epoch} has passed`,
  'beacons:advance': ({ args, by }) => `epoch ${args.epoch} began, relayed by ${by}`,
  'audits:answer': ({ args, result, by }) =>
    `${by} proved ${count(result.audits.length, 'file')} in epoch ${args.epoch}; verdict intact`,
  'audits:concede': ({ args, by }) =>
    `${by} conceded ${count(args.uids.length, 'block')} of file ${short(args.fileId)} in epoch ${args.epoch}; verdict damaged`,
  'audits:miss': ({ args }) =>
    `nobody answered for file ${short(args.fileId)} in epoch ${args.epoch}; verdict unanswered`,
};

/** @returns one for every transaction, also those that came to nothing. */
export function sentenceOf(transaction: LedgerTransaction): string {
  const { contract, function: name, args, result, creator, validation } = transaction;
  const called = `${contract}:${name}`;
  if (validation !== 'VALID') return `${called} by ${creator.mspId} had no effect: ${validation}`;
  if (!(called in SENTENCES) || args === null) return `${creator.mspId} called ${called}`;
  const sentence = SENTENCES[called as Submit] as (done: unknown) => string;
  return sentence({ args, result, by: creator.mspId });
}
