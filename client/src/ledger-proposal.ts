/**
 * A transaction as the owner signs it: Fabric's proposal, built where the key is.
 *
 * The gateway relays what is built here and cannot alter a byte of it (constructions, section 12). The messages are
 * Fabric's `common.ChannelHeader`, `common.SignatureHeader` and `peer.ChaincodeProposalPayload`.
 *
 * @module
 */
import { common, msp, peer } from '@hyperledger/fabric-protos';
import { hex, utf8 } from '@holdfast/protocol/bytes.js';
import type { Args, Evaluate, Submit } from '@holdfast/protocol/ledger-transactions.js';
import { sha256 } from './signing-key.ts';

export interface LedgerAddress {
  readonly channel: string;
  readonly chaincode: string;
}

export interface Proposal extends LedgerAddress {
  /** SHA-256(nonce || creator), hex. */
  readonly transactionId: string;
  /** `peer.Proposal`: what the owner signs. */
  readonly bytes: Uint8Array;
  readonly channelHeader: Uint8Array;
  readonly signatureHeader: Uint8Array;
  /** `peer.ChaincodeProposalPayload`; nothing of ours is transient. */
  readonly payload: Uint8Array;
  readonly creator: Uint8Array;
}

const NONCE = 24;
/** A `common.ChannelHeader` whose field 3, its timestamp, is present and empty. */
const EMPTY_TIMESTAMP = Uint8Array.of(0x1a, 0x00);

/** `msp.SerializedIdentity`: transaction id and creator depend on every byte of the certificate's PEM. */
export function serializeIdentity(mspId: string, certificate: string): Uint8Array {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(utf8(certificate));
  return identity.serializeBinary();
}

/**
 * (Owner) A proposal to call one function of the contracts, in its own name and with a fresh nonce.
 *
 * @param call.creator - {@link serializeIdentity} of the owner's certificate.
 * @param call.nowMs - informational; some peers refuse a proposal more than 15 minutes from their clock.
 */
export async function newProposal<F extends Submit | Evaluate>(
  call: LedgerAddress & {
    readonly function: F;
    readonly args: Args<F>;
    readonly creator: Uint8Array;
    readonly nowMs: number;
    readonly random: (length: number) => Uint8Array;
  },
): Promise<Proposal> {
  const { channel, chaincode, creator } = call;
  const nonce = call.random(NONCE);
  const transactionId = hex(await sha256(nonce, creator));
  const channelHeader = newChannelHeader(call, transactionId).serializeBinary();
  const signatureHeader = newSignatureHeader(creator, nonce).serializeBinary();
  const payload = newPayload(chaincode, [call.function, JSON.stringify(call.args)]);
  const proposal = new peer.Proposal();
  proposal.setHeader(newHeader(channelHeader, signatureHeader).serializeBinary());
  proposal.setPayload(payload);
  return {
    channel,
    chaincode,
    transactionId,
    bytes: proposal.serializeBinary(),
    channelHeader,
    signatureHeader,
    payload,
    creator,
  };
}

export function newHeader(channelHeader: Uint8Array, signatureHeader: Uint8Array): common.Header {
  const header = new common.Header();
  header.setChannelHeader(channelHeader);
  header.setSignatureHeader(signatureHeader);
  return header;
}

function newChannelHeader(
  { channel, chaincode, nowMs }: LedgerAddress & { readonly nowMs: number },
  transactionId: string,
): common.ChannelHeader {
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(newChaincodeId(chaincode));
  const header = common.ChannelHeader.deserializeBinary(EMPTY_TIMESTAMP);
  header.getTimestamp()?.fromDate(new Date(nowMs));
  header.setType(common.HeaderType.ENDORSER_TRANSACTION);
  header.setTxId(transactionId);
  header.setChannelId(channel);
  header.setExtension$(extension.serializeBinary());
  return header;
}

function newSignatureHeader(creator: Uint8Array, nonce: Uint8Array): common.SignatureHeader {
  const header = new common.SignatureHeader();
  header.setCreator(creator);
  header.setNonce(nonce);
  return header;
}

function newPayload(chaincode: string, args: readonly string[]): Uint8Array {
  const input = new peer.ChaincodeInput();
  input.setArgsList(args.map(utf8));
  const spec = new peer.ChaincodeSpec();
  spec.setType(peer.ChaincodeSpec.Type.NODE);
  spec.setChaincodeId(newChaincodeId(chaincode));
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());
  return payload.serializeBinary();
}

function newChaincodeId(name: string): peer.ChaincodeID {
  const id = new peer.ChaincodeID();
  id.setName(name);
  return id;
}
