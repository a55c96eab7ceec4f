/** Conformance: what Holdfast expects of a ledger, the same for the one in memory, the process and a Fabric network. */
import { type LedgerTarget, useLedger } from '../support/ledger-target.ts';
import { ledgerErrorsSuite } from './ledger-errors-suite.ts';
import { ledgerQueriesSuite } from './ledger-queries-suite.ts';
import { ledgerStateSuite } from './ledger-state-suite.ts';
import { ledgerTransactionsSuite } from './ledger-transactions-suite.ts';

/** Declares the tests of the surrounding block. */
export function ledgerSuite(open: () => Promise<LedgerTarget>): void {
  const session = useLedger(open);
  ledgerTransactionsSuite(session);
  ledgerStateSuite(session);
  ledgerErrorsSuite(session);
  ledgerQueriesSuite(session);
}
