/**
 * What an owner signs and we pass on: bytes that we can read, drop or delay, but not alter.
 *
 * A proposal travels as Fabric's `Proposal` with the owner's signature over it; back comes the `Envelope` that the peer
 * prepared, whose payload the owner checks and signs.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { common, gateway, msp, peer } from '@hyperledger/fabric-protos';
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';

/** What a signed message says about itself. */
export interface Relayed {
  readonly transactionId: string;
  readonly channel: string;
  readonly chaincode: string;
  readonly mspId: string;
  /** PEM, as the owner sent it. */
  readonly certificate: Uint8Array;
}

/** @throws `INPUT_INVALID` unless it is a well-formed Proposal whose transaction id is SHA-256(nonce || creator). */
export function readProposal(bytes: Uint8Array): Relayed {
  return reading('/proposal', () => {
    const proposal = peer.Proposal.deserializeBinary(bytes);
    return readHeader(common.Header.deserializeBinary(proposal.getHeader_asU8()));
  });
}

/** @throws `INPUT_INVALID` unless it is a well-formed Envelope, as {@link readProposal}. */
export function readEnvelope(bytes: Uint8Array): Relayed {
  return reading('/envelope', () => {
    const envelope = common.Envelope.deserializeBinary(bytes);
    const header = common.Payload.deserializeBinary(envelope.getPayload_asU8()).getHeader();
    if (header === undefined) throw new Error('no header');
    return readHeader(header);
  });
}

function readHeader(header: common.Header): Relayed {
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const extension = peer.ChaincodeHeaderExtension.deserializeBinary(channel.getExtension_asU8());
  const signed = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  const creator = signed.getCreator_asU8();
  const identity = msp.SerializedIdentity.deserializeBinary(creator);
  const id = createHash('sha256').update(signed.getNonce_asU8()).update(creator).digest();
  if (channel.getTxId() !== hex(id)) throw new Error('the transaction id is not its own');
  return {
    transactionId: channel.getTxId(),
    channel: channel.getChannelId(),
    chaincode: extension.getChaincodeId()?.getName() ?? '',
    mspId: identity.getMspid(),
    certificate: identity.getIdBytes_asU8(),
  };
}

/** The SDK's form of a proposal, for `newSignedProposal`. */
export function proposedTransaction(proposal: Uint8Array, transactionId: string): Uint8Array {
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(proposal);
  const proposed = new gateway.ProposedTransaction();
  proposed.setTransactionId(transactionId);
  proposed.setProposal(signed);
  return proposed.serializeBinary();
}

/** The SDK's form of an envelope, for `newSignedTransaction`. */
export function preparedTransaction(envelope: Uint8Array, transactionId: string): Uint8Array {
  const prepared = new gateway.PreparedTransaction();
  prepared.setTransactionId(transactionId);
  prepared.setEnvelope(common.Envelope.deserializeBinary(envelope));
  return prepared.serializeBinary();
}

/** The envelope in what the SDK calls a transaction. */
export function envelopeOf(transaction: Uint8Array): Uint8Array {
  const envelope = gateway.PreparedTransaction.deserializeBinary(transaction).getEnvelope();
  if (envelope === undefined) throw new Error('bug: an endorsement without an envelope');
  return envelope.serializeBinary();
}

function reading<T>(pointer: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new HoldfastError('INPUT_INVALID', `not a well-formed ${pointer.slice(1)} of Fabric`, {
      cause,
      pointer,
    });
  }
}
