/**
 * Messages of the stream between a peer and a running chaincode.
 *
 * @module
 */
import { peer } from '@hyperledger/fabric-protos';
import { MessageType } from './codes.ts';

const NAMES = new Map(Object.entries(MessageType).map(([name, type]) => [Number(type), name]));
export const nameOfType = (type: number): string => NAMES.get(type) ?? String(type);

/** Our end of the stream: gRPC's, or one in memory. */
export interface ChaincodeStream {
  write(message: peer.ChaincodeMessage): unknown;
  on(event: 'data', listener: (message: peer.ChaincodeMessage) => void): unknown;
  on(event: 'end' | 'error' | 'close', listener: (error?: Error) => void): unknown;
  end(): unknown;
}

export interface MessageParts {
  readonly payload?: Uint8Array | undefined;
  readonly transactionId?: string;
  readonly channelId?: string;
  readonly proposal?: peer.SignedProposal;
}

export function newMessage(type: MessageType, parts: MessageParts = {}): peer.ChaincodeMessage {
  const message = new peer.ChaincodeMessage();
  message.setType(type);
  message.setTxid(parts.transactionId ?? '');
  message.setChannelId(parts.channelId ?? '');
  if (parts.payload !== undefined) message.setPayload(parts.payload);
  if (parts.proposal !== undefined) message.setProposal(parts.proposal);
  return message;
}
