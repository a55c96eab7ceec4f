import { describe } from '@jest/globals';
import { openDevPeerTarget } from '../support/dev-peer-target.ts';
import { ledgerSuite } from '../suites/ledger-suite.ts';

describe('the ledger as a process, over gRPC', () => {
  ledgerSuite(openDevPeerTarget);
});
