/**
 * Proposals: decoding what a client signs, and building what a peer answers and the transaction that follows.
 *
 * @module
 */
import { common, peer } from '@hyperledger/fabric-protos';
import { sha256 } from './hash.ts';

export interface Proposal {
  readonly channelId: string;
  readonly transactionId: string;
  readonly chaincode: string;
  readonly headerType: number;
  readonly epoch: number;
  /** The client's clock, milliseconds since 1970. */
  readonly timestampMs: number;
  readonly creator: Uint8Array;
  readonly nonce: Uint8Array;
  readonly input: peer.ChaincodeInput;
  readonly header: common.Header;
  readonly payload: peer.ChaincodeProposalPayload;
  /** Binds an endorsement to the proposal; see {@link proposalHash}. */
  readonly hash: Uint8Array;
  readonly signed: peer.SignedProposal;
}

/** Hex of `SHA-256(nonce || creator)`. */
export const transactionIdOf = (nonce: Uint8Array, creator: Uint8Array): string =>
  sha256(nonce, creator).toString('hex');

/** `SHA-256(channel header || signature header || payload without transient data)`. */
export const proposalHash = (
  channelHeader: Uint8Array,
  signatureHeader: Uint8Array,
  payload: Uint8Array,
): Uint8Array => sha256(channelHeader, signatureHeader, payload);

/** @throws when bytes do not decode or a part is missing; nothing is checked yet. */
export function parseProposal(signed: peer.SignedProposal): Proposal {
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const signatureHeader = common.SignatureHeader.deserializeBinary(
    header.getSignatureHeader_asU8(),
  );
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
  return {
    channelId: channelHeader.getChannelId(),
    transactionId: channelHeader.getTxId(),
    chaincode: chaincodeOf(channelHeader),
    headerType: channelHeader.getType(),
    epoch: channelHeader.getEpoch(),
    timestampMs: timestampOf(channelHeader),
    creator: signatureHeader.getCreator_asU8(),
    nonce: signatureHeader.getNonce_asU8(),
    input: inputOf(payload),
    header,
    payload,
    hash: proposalHash(
      header.getChannelHeader_asU8(),
      header.getSignatureHeader_asU8(),
      withoutTransient(payload),
    ),
    signed,
  };
}

/** Milliseconds since 1970; 0 when absent or beyond what a date can be. */
export const timestampOf = (channelHeader: common.ChannelHeader): number => {
  const milliseconds = channelHeader.getTimestamp()?.toDate().getTime() ?? 0;
  return Number.isFinite(milliseconds) ? milliseconds : 0;
};

function chaincodeOf(channelHeader: common.ChannelHeader): string {
  const extension = peer.ChaincodeHeaderExtension.deserializeBinary(
    channelHeader.getExtension_asU8(),
  );
  const name = extension.getChaincodeId()?.getName() ?? '';
  if (name === '') throw new Error('ChaincodeHeaderExtension.ChaincodeId.Name is empty');
  return name;
}

function inputOf(payload: peer.ChaincodeProposalPayload): peer.ChaincodeInput {
  const invocation = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8());
  const input = invocation.getChaincodeSpec()?.getInput();
  if (input === undefined) {
    throw new Error('chaincode invocation spec did not contain chaincode spec');
  }
  return input;
}

/** Transient data reaches the chaincode, never the ledger. */
function withoutTransient(payload: peer.ChaincodeProposalPayload): Uint8Array {
  const copy = new peer.ChaincodeProposalPayload();
  copy.setInput(payload.getInput_asU8());
  return copy.serializeBinary();
}

export interface Outcome {
  readonly response: peer.Response;
  /** Serialized TxReadWriteSet. */
  readonly results: Uint8Array;
  readonly event: peer.ChaincodeEvent | undefined;
}

/** Serialized ProposalResponsePayload: what every endorser must produce byte for byte alike. */
export function responsePayload(proposal: Proposal, outcome: Outcome, version: string): Uint8Array {
  const chaincodeId = new peer.ChaincodeID();
  chaincodeId.setName(proposal.chaincode);
  chaincodeId.setVersion(version);
  const action = new peer.ChaincodeAction();
  action.setResults(outcome.results);
  action.setResponse(outcome.response);
  action.setChaincodeId(chaincodeId);
  if (outcome.event !== undefined) action.setEvents(outcome.event.serializeBinary());
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(proposal.hash);
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}

/** The transaction for the client to sign, under the very header of its proposal. */
export function prepareTransaction(
  proposal: Proposal,
  payload: Uint8Array,
  endorsements: peer.Endorsement[],
): common.Envelope {
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(payload);
  endorsed.setEndorsementsList(endorsements);
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(withoutTransient(proposal.payload));
  actionPayload.setAction(endorsed);
  const action = new peer.TransactionAction();
  action.setHeader(proposal.header.getSignatureHeader_asU8());
  action.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([action]);
  const envelopePayload = new common.Payload();
  envelopePayload.setHeader(proposal.header);
  envelopePayload.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(envelopePayload.serializeBinary());
  return envelope;
}
