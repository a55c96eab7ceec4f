/**
 * What the services of one development peer share.
 *
 * @module
 */
import { status } from '@grpc/grpc-js';
import type { Channel } from './channel.ts';
import type { Endorser } from './endorser.ts';
import type { Organisations } from './organisations.ts';
import { invalidArgument, RpcError } from './rpc-error.ts';

export interface Context {
  readonly channel: Channel;
  readonly chaincode: string;
  readonly organisations: Organisations;
  readonly endorser: Endorser;
  /** Where an organisation's peer says it is, for the details of errors. */
  addressOf(mspId: string): string;
}

/** What clients sign when they ask for a commit status or for events. */
interface SignedRequest {
  getIdentity_asU8(): Uint8Array;
  getChannelId(): string;
}

/** @throws INVALID_ARGUMENT where the bytes do not decode. */
export function parseRequest<T>(
  type: { deserializeBinary(bytes: Uint8Array): T },
  bytes: Uint8Array,
  text: string,
): T {
  try {
    return type.deserializeBinary(bytes);
  } catch {
    throw invalidArgument(text);
  }
}

/** The policy /Channel/Application/Readers: any identity of any organisation. */
export function checkReader(
  { channel, organisations }: Context,
  request: SignedRequest,
  bytes: Uint8Array,
  signature: Uint8Array,
): void {
  const channelId = request.getChannelId();
  if (channelId !== channel.id) {
    throw new RpcError(
      status.PERMISSION_DENIED,
      `Failed to get policy manager for channel [${channelId}]`,
    );
  }
  try {
    organisations.verify(request.getIdentity_asU8(), bytes, signature);
  } catch {
    throw new RpcError(
      status.PERMISSION_DENIED,
      `Failed evaluating policy on signed data during check policy on channel [${channelId}] with policy [/Channel/Application/Readers]: [${notSatisfied('Readers')}]`,
    );
  }
}

export const notSatisfied = (policy: 'Readers' | 'Writers'): string =>
  `implicit policy evaluation failed - 0 sub-policies were satisfied, but this policy requires 1 of the '${policy}' sub-policies to be satisfied`;
