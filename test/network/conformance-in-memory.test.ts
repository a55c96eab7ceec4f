import { describe } from '@jest/globals';
import { contracts } from '../support/ledger-contract/index.ts';
import { newMemoryLedger } from '../support/memory-ledger.ts';
import { ledgerSuite } from '../suites/ledger-suite.ts';

describe('the ledger in memory', () => {
  ledgerSuite(() => newMemoryLedger({ contracts }));
});
