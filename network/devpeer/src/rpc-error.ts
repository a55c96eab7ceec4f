/**
 * A refusal as gRPC carries it: a status code, a text, and one detail for each peer that has something to say.
 *
 * @module
 */
import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { gateway, google } from '@hyperledger/fabric-protos';

export interface PeerDetail {
  readonly mspId: string;
  readonly address: string;
  readonly message: string;
}

export class RpcError extends Error {
  readonly code: status;
  readonly details: readonly PeerDetail[];

  constructor(code: status, message: string, details: readonly PeerDetail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

export const invalidArgument = (message: string): RpcError =>
  new RpcError(status.INVALID_ARGUMENT, message);

/** What a client receives; the details travel in the trailer `grpc-status-details-bin`. */
export function statusOf(error: unknown): StatusObject {
  const metadata = new Metadata();
  if (!(error instanceof RpcError)) {
    const text = error instanceof Error ? error.message : String(error);
    return { code: status.UNKNOWN, details: text, metadata };
  }
  if (error.details.length > 0) metadata.set('grpc-status-details-bin', detailBytes(error));
  return { code: error.code, details: error.message, metadata };
}

/** Serialized google.rpc.Status. */
function detailBytes(error: RpcError): Buffer {
  const rich = new google.rpc.Status();
  rich.setCode(error.code);
  rich.setMessage(error.message);
  for (const { address, mspId, message } of error.details) {
    const detail = new gateway.ErrorDetail();
    detail.setAddress(address);
    detail.setMspId(mspId);
    detail.setMessage(message);
    const wrapped = rich.addDetails();
    wrapped.setTypeUrl('type.googleapis.com/gateway.ErrorDetail');
    wrapped.setValue(detail.serializeBinary());
  }
  return Buffer.from(rich.serializeBinary());
}
