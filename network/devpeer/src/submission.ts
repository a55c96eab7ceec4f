/**
 * The part of gateway.Gateway that stands for the orderer: a signed transaction goes in, its fate comes out.
 *
 * @module
 */
import { status } from '@grpc/grpc-js';
import { type common, gateway } from '@hyperledger/fabric-protos';
import type { ValidationCode } from './codes.ts';
import type { CommitInfo } from './commit-waiters.ts';
import { checkReader, type Context, notSatisfied, parseRequest } from './context.ts';
import type { Organisations } from './organisations.ts';
import { invalidArgument, RpcError } from './rpc-error.ts';
import { parseEnvelopeHeader } from './transaction.ts';

/** An orderer's `AbsoluteMaxBytes`: what is larger never gets into a block. */
const MAX_ENVELOPE_BYTES = 10 * 1024 * 1024;

export function submit(context: Context, request: gateway.SubmitRequest): gateway.SubmitResponse {
  const envelope = request.getPreparedTransaction();
  if (envelope === undefined) throw invalidArgument('a prepared transaction is required');
  if (envelope.getSignature_asU8().length === 0) {
    throw invalidArgument('prepared transaction must be signed');
  }
  const { channel, organisations } = context;
  if (request.getChannelId() !== channel.id) {
    throw new RpcError(
      status.FAILED_PRECONDITION,
      `failed to get config for channel [${request.getChannelId()}]`,
    );
  }
  const transactionId = checkEnvelope(envelope, channel.id, organisations);
  try {
    channel.submit(transactionId, envelope);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RpcError(status.UNAVAILABLE, `no orderers could successfully process: ${why}`);
  }
  return new gateway.SubmitResponse();
}

export async function commitStatus(
  context: Context,
  signed: gateway.SignedCommitStatusRequest,
  signal: AbortSignal,
): Promise<gateway.CommitStatusResponse> {
  const bytes = signed.getRequest_asU8();
  if (bytes.length === 0) throw invalidArgument('a commit status request is required');
  const request = parseRequest(gateway.CommitStatusRequest, bytes, 'invalid status request');
  if (request.getIdentity_asU8().length === 0) throw invalidArgument('no identity provided');
  if (request.getChannelId() === '') throw invalidArgument('no channel ID provided');
  if (request.getTransactionId() === '') {
    throw invalidArgument('transaction ID should not be empty');
  }
  checkReader(context, request, bytes, signed.getSignature_asU8());
  const info = await fateOf(context, request.getTransactionId(), signal);
  const response = new gateway.CommitStatusResponse();
  response.setResult(info.code as ValidationCode);
  response.setBlockNumber(info.ledgerBlockNumber);
  return response;
}

async function fateOf(
  { channel }: Context,
  transactionId: string,
  signal: AbortSignal,
): Promise<CommitInfo> {
  try {
    return await channel.waitFor(transactionId, signal);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new RpcError(status.UNAVAILABLE, `the fate of the transaction is not known: ${why}`);
  }
}

/** The orderer's own checks; returns the transaction's id. */
function checkEnvelope(
  envelope: common.Envelope,
  channelId: string,
  organisations: Organisations,
): string {
  const payload = envelope.getPayload_asU8();
  const signature = envelope.getSignature_asU8();
  const size = payload.length + signature.length;
  if (size > MAX_ENVELOPE_BYTES) {
    throw refused(
      'BAD_REQUEST',
      `message payload is ${size} bytes and exceeds maximum allowed ${MAX_ENVELOPE_BYTES} bytes`,
    );
  }
  try {
    const { channelHeader, signatureHeader } = parseEnvelopeHeader(envelope);
    organisations.verify(signatureHeader.getCreator_asU8(), payload, signature);
    if (channelHeader.getChannelId() !== channelId) throw new Error('of another channel');
    return channelHeader.getTxId();
  } catch {
    throw refused('FORBIDDEN', `${notSatisfied('Writers')}: permission denied`);
  }
}

const refused = (code: string, info: string): RpcError =>
  new RpcError(
    status.ABORTED,
    `received unsuccessful response from orderer: status=${code}, info=${info}`,
  );
