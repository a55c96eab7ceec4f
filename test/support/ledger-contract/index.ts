export { LedgerContract } from './ledger-contract.ts';
import { LedgerContract } from './ledger-contract.ts';

/** What `fabric-chaincode-node` looks for in a package. */
export const contracts = [LedgerContract];
