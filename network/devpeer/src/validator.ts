/**
 * What every peer checks before a transaction counts, in the order in which a peer checks it.
 *
 * @module
 */
import { type common, ledger } from '@hyperledger/fabric-protos';
import { HeaderType, ValidationCode } from './codes.ts';
import { equalBytes } from './hash.ts';
import type { Organisations } from './organisations.ts';
import { proposalHash, transactionIdOf } from './proposal.ts';
import { type Base, readConflict } from './read-conflicts.ts';
import { parseTransaction, type Transaction } from './transaction.ts';

const { kvrwset } = ledger.rwset;

/** Namespace of Fabric's own records about chaincodes: read by every transaction, written by none. */
export const LIFECYCLE = '_lifecycle';

export interface Rules {
  readonly organisations: Organisations;
  readonly chaincode: string;
  /** How many organisations must endorse: a majority. */
  readonly required: number;
  isDuplicate(transactionId: string): boolean;
}

export interface Judged {
  readonly code: ValidationCode;
  /** Present when the transaction is valid. */
  readonly set?: ledger.rwset.TxReadWriteSet;
}

/** @throws where the state cannot be read, which says nothing about the transaction. */
export async function judge(envelope: common.Envelope, rules: Rules, base: Base): Promise<Judged> {
  const transaction = parse(envelope);
  if (transaction === undefined) return { code: ValidationCode.BAD_PAYLOAD };
  const malformed = checkForm(transaction, rules);
  if (malformed !== ValidationCode.VALID) return { code: malformed };
  let set;
  try {
    set = ledger.rwset.TxReadWriteSet.deserializeBinary(transaction.action.getResults_asU8());
    const refused = checkEndorsements(transaction, set, rules);
    if (refused !== ValidationCode.VALID) return { code: refused };
  } catch {
    return { code: ValidationCode.INVALID_OTHER_REASON };
  }
  const conflict = await readConflict(set, base);
  return conflict === ValidationCode.VALID ? { code: conflict, set } : { code: conflict };
}

function parse(envelope: common.Envelope): Transaction | undefined {
  try {
    return parseTransaction(envelope);
  } catch {
    return undefined;
  }
}

/** The creator's signature was checked when the envelope was accepted for ordering. */
function checkForm(transaction: Transaction, rules: Rules): ValidationCode {
  const { channelHeader, header, nonce, creator } = transaction;
  const transactionId = channelHeader.getTxId();
  if (channelHeader.getType() !== HeaderType.ENDORSER_TRANSACTION) {
    return ValidationCode.UNKNOWN_TX_TYPE;
  }
  if (transactionIdOf(nonce, creator) !== transactionId) return ValidationCode.BAD_PROPOSAL_TXID;
  const hash = proposalHash(
    header.getChannelHeader_asU8(),
    transaction.actionHeader,
    transaction.proposalPayload,
  );
  if (!equalBytes(hash, transaction.proposalHash))
    return ValidationCode.INVALID_ENDORSER_TRANSACTION;
  return rules.isDuplicate(transactionId) ? ValidationCode.DUPLICATE_TXID : ValidationCode.VALID;
}

/** The endorsement policy of the only chaincode; a namespace of any other one may not be written. */
function checkEndorsements(
  transaction: Transaction,
  set: ledger.rwset.TxReadWriteSet,
  rules: Rules,
): ValidationCode {
  if (transaction.action.getChaincodeId()?.getName() !== rules.chaincode) {
    return ValidationCode.INVALID_CHAINCODE;
  }
  if (set.getNsRwsetList().some((one) => isForeign(one, rules.chaincode))) {
    return ValidationCode.ILLEGAL_WRITESET;
  }
  const endorsers = endorsingOrganisations(transaction, rules.organisations);
  return endorsers.size >= rules.required
    ? ValidationCode.VALID
    : ValidationCode.ENDORSEMENT_POLICY_FAILURE;
}

function isForeign(one: ledger.rwset.NsReadWriteSet, chaincode: string): boolean {
  const set = kvrwset.KVRWSet.deserializeBinary(one.getRwset_asU8());
  if (set.getMetadataWritesList().length > 0 || one.getCollectionHashedRwsetList().length > 0) {
    return true;
  }
  return one.getNamespace() !== chaincode && set.getWritesList().length > 0;
}

/** Only a peer of an organisation speaks for it; an endorsement that is no such thing does not count. */
function endorsingOrganisations(
  { endorsements, responsePayload }: Transaction,
  organisations: Organisations,
): Set<string> {
  const endorsers = new Set<string>();
  for (const endorsement of endorsements) {
    const endorser = endorsement.getEndorser_asU8();
    const message = Buffer.concat([responsePayload, endorser]);
    try {
      const identity = organisations.verify(endorser, message, endorsement.getSignature_asU8());
      if (identity.units.has('peer')) endorsers.add(identity.mspId);
    } catch {
      // not counted
    }
  }
  return endorsers;
}
