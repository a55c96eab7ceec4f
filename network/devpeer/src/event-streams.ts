/**
 * Streams of what has been committed: ChaincodeEvents of gateway.Gateway, and protos.Deliver.
 *
 * @module
 */
import { type common, gateway, orderer, peer } from '@hyperledger/fabric-protos';
import type { Channel } from './channel.ts';
import { DeliverStatus } from './codes.ts';
import { checkReader, type Context, parseRequest } from './context.ts';
import { chaincodeEventsOf, filteredBlockOf, numberOf } from './ledger-block.ts';
import { timestampOf } from './proposal.ts';
import { TIME_WINDOW_MS } from './proposal-checks.ts';
import { invalidArgument } from './rpc-error.ts';
import { type EnvelopeHeader, parseEnvelopeHeader } from './transaction.ts';

const { TypeCase } = orderer.SeekPosition;

export type DeliverKind = 'block' | 'filtered' | 'private';

/** One response for each block that holds events of the chaincode. */
export async function* chaincodeEvents(
  context: Context,
  signed: gateway.SignedChaincodeEventsRequest,
  signal: AbortSignal,
): AsyncGenerator<gateway.ChaincodeEventsResponse, void> {
  const bytes = signed.getRequest_asU8();
  if (bytes.length === 0) throw invalidArgument('a chaincode events request is required');
  const request = parseRequest(
    gateway.ChaincodeEventsRequest,
    bytes,
    'invalid chaincode events request',
  );
  checkReader(context, request, bytes, signed.getSignature_asU8());
  const { channel } = context;
  const after = request.getAfterTransactionId();
  const resumed = after === '' ? undefined : channel.store.transactionPlace(after)?.block;
  const start = resumed ?? positionOf(channel, request.getStartPosition());
  // as on a peer, a resumption waits for an event of that very transaction
  let isPast = after === '';
  for await (const block of channel.blocks(start, signal)) {
    const events = chaincodeEventsOf(block).filter((event) => {
      if (isPast) return event.getChaincodeId() === request.getChaincodeId();
      isPast = event.getTxId() === after;
      return false;
    });
    if (events.length > 0) yield eventsResponse(block, events);
  }
}

function eventsResponse(
  block: common.Block,
  events: peer.ChaincodeEvent[],
): gateway.ChaincodeEventsResponse {
  const response = new gateway.ChaincodeEventsResponse();
  response.setBlockNumber(numberOf(block));
  response.setEventsList(events);
  return response;
}

/** One seek request, then blocks until its stop position, then a status. Refusals are a status too. */
export async function* deliver(
  context: Context,
  envelope: common.Envelope,
  kind: DeliverKind,
  signal: AbortSignal,
): AsyncGenerator<peer.DeliverResponse, void> {
  const { channel } = context;
  const seek = parseSeek(context, envelope);
  if (typeof seek === 'number') {
    yield statusResponse(seek);
    return;
  }
  for await (const block of channel.blocks(seek.start, signal)) {
    yield blockResponse(block, kind, channel.id);
    if (numberOf(block) === seek.stop) break;
  }
  if (!signal.aborted) yield statusResponse(DeliverStatus.SUCCESS);
}

interface Seek {
  readonly start: number;
  readonly stop: number;
}

/** The range asked for, or the status that refuses it. */
function parseSeek(context: Context, envelope: common.Envelope): Seek | DeliverStatus {
  try {
    const header = parseEnvelopeHeader(envelope);
    const refused = checkSeeker(context, header, envelope);
    if (refused !== undefined) return refused;
    const info = orderer.SeekInfo.deserializeBinary(header.payload.getData_asU8());
    return rangeOf(context.channel, info);
  } catch {
    return DeliverStatus.BAD_REQUEST;
  }
}

function checkSeeker(
  { channel, organisations }: Context,
  { channelHeader, signatureHeader }: EnvelopeHeader,
  envelope: common.Envelope,
): DeliverStatus | undefined {
  if (Math.abs(Date.now() - timestampOf(channelHeader)) > TIME_WINDOW_MS) {
    return DeliverStatus.BAD_REQUEST;
  }
  if (channelHeader.getChannelId() !== channel.id) return DeliverStatus.NOT_FOUND;
  try {
    organisations.verify(
      signatureHeader.getCreator_asU8(),
      envelope.getPayload_asU8(),
      envelope.getSignature_asU8(),
    );
    return undefined;
  } catch {
    return DeliverStatus.FORBIDDEN;
  }
}

function rangeOf(channel: Channel, info: orderer.SeekInfo): Seek | DeliverStatus {
  if (!info.hasStart() || !info.hasStop()) return DeliverStatus.BAD_REQUEST;
  const start = positionOf(channel, info.getStart());
  const stop = positionOf(channel, info.getStop());
  if (stop < start) return DeliverStatus.BAD_REQUEST;
  const isImpatient = info.getBehavior() === orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY;
  return isImpatient && start >= channel.store.height ? DeliverStatus.NOT_FOUND : { start, stop };
}

/** A position that is absent or NEXT_COMMIT is the block that does not exist yet. */
function positionOf({ store }: Channel, position: orderer.SeekPosition | undefined): number {
  switch (position?.getTypeCase()) {
    case TypeCase.SPECIFIED:
      return position.getSpecified()?.getNumber() ?? 0;
    case TypeCase.OLDEST:
      return 0;
    case TypeCase.NEWEST:
      return store.height - 1;
    case TypeCase.NEXT_COMMIT:
    case TypeCase.TYPE_NOT_SET:
    case undefined:
      return store.height;
  }
}

function blockResponse(
  block: common.Block,
  kind: DeliverKind,
  channelId: string,
): peer.DeliverResponse {
  const response = new peer.DeliverResponse();
  if (kind === 'block') response.setBlock(block);
  else if (kind === 'filtered') response.setFilteredBlock(filteredBlockOf(block, channelId));
  else {
    // there is no private data on this ledger
    const both = new peer.BlockAndPrivateData();
    both.setBlock(block);
    response.setBlockAndPrivateData(both);
  }
  return response;
}

function statusResponse(status: DeliverStatus): peer.DeliverResponse {
  const response = new peer.DeliverResponse();
  response.setStatus(status);
  return response;
}
