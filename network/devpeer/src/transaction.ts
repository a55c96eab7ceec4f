/**
 * Transactions as they stand in a ledger block: signed envelopes and what is inside them.
 *
 * @module
 */
import { common, peer } from '@hyperledger/fabric-protos';

export interface EnvelopeHeader {
  readonly payload: common.Payload;
  readonly header: common.Header;
  readonly channelHeader: common.ChannelHeader;
  readonly signatureHeader: common.SignatureHeader;
}

export interface Transaction {
  readonly header: common.Header;
  readonly channelHeader: common.ChannelHeader;
  readonly creator: Uint8Array;
  readonly nonce: Uint8Array;
  readonly actionHeader: Uint8Array;
  /** Serialized ChaincodeProposalPayload without transient data. */
  readonly proposalPayload: Uint8Array;
  /** Serialized ProposalResponsePayload: what the endorsers signed. */
  readonly responsePayload: Uint8Array;
  readonly proposalHash: Uint8Array;
  readonly endorsements: readonly peer.Endorsement[];
  readonly action: peer.ChaincodeAction;
}

export function parseEnvelopeHeader(envelope: common.Envelope): EnvelopeHeader {
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = payload.getHeader();
  if (header === undefined) throw new Error('the envelope has no header');
  return {
    payload,
    header,
    channelHeader: common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8()),
    signatureHeader: common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8()),
  };
}

/** @throws when the bytes are not an endorser transaction with exactly one action. */
export function parseTransaction(envelope: common.Envelope): Transaction {
  const { payload, header, channelHeader, signatureHeader } = parseEnvelopeHeader(envelope);
  const actions = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const [action] = actions;
  if (action === undefined || actions.length !== 1) {
    throw new Error(`expected one action in a transaction, got ${actions.length}`);
  }
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
  const endorsed = actionPayload.getAction();
  if (endorsed === undefined) throw new Error('the transaction has no endorsed action');
  const response = peer.ProposalResponsePayload.deserializeBinary(
    endorsed.getProposalResponsePayload_asU8(),
  );
  return {
    header,
    channelHeader,
    creator: signatureHeader.getCreator_asU8(),
    nonce: signatureHeader.getNonce_asU8(),
    actionHeader: action.getHeader_asU8(),
    proposalPayload: actionPayload.getChaincodeProposalPayload_asU8(),
    responsePayload: endorsed.getProposalResponsePayload_asU8(),
    proposalHash: response.getProposalHash_asU8(),
    endorsements: endorsed.getEndorsementsList(),
    action: peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8()),
  };
}

/** The event a transaction set, if it has a name. */
export function eventOf(envelope: common.Envelope): peer.ChaincodeEvent | undefined {
  const bytes = parseTransaction(envelope).action.getEvents_asU8();
  if (bytes.length === 0) return undefined;
  const event = peer.ChaincodeEvent.deserializeBinary(bytes);
  const isNamed = event.getChaincodeId() !== '' && event.getEventName() !== '';
  return isNamed && event.getTxId() !== '' ? event : undefined;
}
