/**
 * The chaincode package: one contract per concern, addressed as `files:register`.
 *
 * @module
 */
import { AccountsContract } from './accounts-contract.ts';
import { AuditsContract } from './audits-contract.ts';
import { BeaconsContract } from './beacons-contract.ts';
import { FilesContract } from './files-contract.ts';
import { SharesContract } from './shares-contract.ts';

export const contracts = [
  AccountsContract,
  FilesContract,
  SharesContract,
  BeaconsContract,
  AuditsContract,
];
