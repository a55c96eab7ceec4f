/**
 * What the relay answers to a proposal: the envelope that the owner is asked to sign, taken apart for the checks.
 *
 * @module
 */
import { common, peer } from '@hyperledger/fabric-protos';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { newHeader, type Proposal } from './ledger-proposal.ts';

export interface Endorsement {
  /** `msp.SerializedIdentity`. */
  readonly endorser: Uint8Array;
  /** DER. */
  readonly signature: Uint8Array;
}

export interface EndorsedTransaction {
  readonly channelHeader: Uint8Array;
  readonly signatureHeader: Uint8Array;
  /** The signature header once more, as the transaction's only action carries it. */
  readonly actionHeader: Uint8Array;
  /** `peer.ChaincodeProposalPayload` without transient fields. */
  readonly payload: Uint8Array;
  /** `peer.ProposalResponsePayload`: the bytes that every endorser signed. */
  readonly responsePayload: Uint8Array;
  readonly endorsements: readonly Endorsement[];
}

/**
 * @param envelope - `common.Envelope` with or without its signature, from a gateway that is not trusted.
 * @throws `ANSWER_FALSE` unless it is an envelope of a transaction with exactly one action.
 */
export function parseEnvelope(envelope: Uint8Array): EndorsedTransaction {
  try {
    const payload = common.Payload.deserializeBinary(
      common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
    );
    const header = payload.getHeader();
    const [action, ...others] = peer.Transaction.deserializeBinary(
      payload.getData_asU8(),
    ).getActionsList();
    if (header === undefined || action === undefined || others.length > 0) {
      throw new Error('expected a header and exactly one action');
    }
    const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
    const endorsed = actionPayload.getAction() ?? new peer.ChaincodeEndorsedAction();
    return {
      channelHeader: header.getChannelHeader_asU8(),
      signatureHeader: header.getSignatureHeader_asU8(),
      actionHeader: action.getHeader_asU8(),
      payload: actionPayload.getChaincodeProposalPayload_asU8(),
      responsePayload: endorsed.getProposalResponsePayload_asU8(),
      endorsements: endorsed.getEndorsementsList().map((endorsement) => ({
        endorser: endorsement.getEndorser_asU8(),
        signature: endorsement.getSignature_asU8(),
      })),
    };
  } catch (cause) {
    throw new HoldfastError('ANSWER_FALSE', 'the gateway answered no endorsed transaction', {
      cause,
    });
  }
}

/**
 * The bytes of the second signature, `common.Payload`: built from the owner's own proposal and from what was checked, so
 * that nothing else of the gateway's answer is signed, not even a field that this program does not know.
 */
export function payloadToSign(
  proposal: Proposal,
  { responsePayload, endorsements }: EndorsedTransaction,
): Uint8Array {
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(responsePayload);
  endorsed.setEndorsementsList(endorsements.map(newEndorsement));
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(proposal.payload);
  actionPayload.setAction(endorsed);
  const action = new peer.TransactionAction();
  action.setHeader(proposal.signatureHeader);
  action.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([action]);
  const payload = new common.Payload();
  payload.setHeader(newHeader(proposal.channelHeader, proposal.signatureHeader));
  payload.setData(transaction.serializeBinary());
  return payload.serializeBinary();
}

/** `common.Envelope` around the payload; its signature travels beside it. */
export function newEnvelope(payload: Uint8Array): Uint8Array {
  const envelope = new common.Envelope();
  envelope.setPayload(payload);
  return envelope.serializeBinary();
}

function newEndorsement({ endorser, signature }: Endorsement): peer.Endorsement {
  const endorsement = new peer.Endorsement();
  endorsement.setEndorser(endorser);
  endorsement.setSignature(signature);
  return endorsement;
}
