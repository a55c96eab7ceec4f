/**
 * The ledger, looked up: open, for what stands on it is for every member, and names nobody.
 *
 * @module
 */
import { z } from 'zod';
import { ledgerBlock, ledgerTransaction } from '@holdfast/protocol/ledger-messages.js';
import { digest } from '@holdfast/protocol/schema.js';
import type { Ledger, LedgerTransaction } from '../../ledger/ledger.ts';
import { sentenceOf } from '../../ledger/sentences.ts';
import { reads } from '../json-route.ts';
import { signalOf } from '../requests.ts';
import type { Route } from '../route.ts';

const number = z
  .string()
  .regex(/^(?:0|[1-9][0-9]{0,15})$/, 'expected a number')
  .transform(Number)
  .pipe(z.int().min(0));

export function lookUpRoutes({ ledger }: { readonly ledger: Ledger }): Route[] {
  return [
    reads(
      {
        path: '/v1/ledger/transactions/:transactionId',
        who: 'anybody',
        summary: 'A transaction: who did what, said in a sentence, and what it read and wrote',
        params: z.strictObject({ transactionId: digest }),
        answer: ledgerTransaction,
        problems: ['NOT_FOUND', 'LEDGER_UNREACHABLE'],
      },
      async ({ params, response }) =>
        explained(await ledger.transaction(params.transactionId, signalOf(response))),
    ),
    reads(
      {
        path: '/v1/ledger/blocks/:number',
        who: 'anybody',
        summary: 'A ledger block and its transactions',
        params: z.strictObject({ number }),
        answer: ledgerBlock,
        problems: ['NOT_FOUND', 'LEDGER_UNREACHABLE'],
      },
      async ({ params, response }) => {
        const block = await ledger.ledgerBlock(params.number, signalOf(response));
        return { ...block, transactions: block.transactions.map(explained) };
      },
    ),
  ];
}

const explained = (transaction: LedgerTransaction) => ({
  ...transaction,
  endorsers: [...transaction.endorsers],
  reads: [...transaction.reads],
  writes: [...transaction.writes],
  sentence: sentenceOf(transaction),
});
