import { describe } from '@jest/globals';
import { openFabricTarget } from '../support/fabric-target.ts';
import { ledgerSuite } from '../suites/ledger-suite.ts';

const NETWORK = process.env['NETWORK'];
const CHAINCODE = 'ledger-contract';

(NETWORK === undefined ? describe.skip : describe)(
  `the ledger of a Fabric network${NETWORK === undefined ? ' (npm run test:network)' : ''}`,
  () => {
    ledgerSuite(() => openFabricTarget(NETWORK ?? '', CHAINCODE));
  },
);
