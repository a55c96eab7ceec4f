/**
 * The services over gRPC, in clear: for loopback only.
 *
 * @module
 */
import * as grpc from '@grpc/grpc-js';
import { type common, gateway, peer } from '@hyperledger/fabric-protos';
import { drained } from './drained.ts';
import type { DeliverKind } from './event-streams.ts';
import { RpcError, statusOf } from './rpc-error.ts';
import type { Services } from './services.ts';

/** As on a peer, so that a refusal comes from the orderer's limit and not from the transport. */
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
export const MESSAGE_LIMITS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
};

type ServerStream = grpc.ServerWritableStream<gateway.SignedChaincodeEventsRequest, unknown>;
type Duplex = grpc.ServerDuplexStream<common.Envelope, unknown>;

export class GrpcServer {
  readonly port: number;
  readonly #server: grpc.Server;

  private constructor(server: grpc.Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @param port - 0 for any free one. */
  static listen(services: Services, host: string, port: number): Promise<GrpcServer> {
    const server = new grpc.Server(MESSAGE_LIMITS);
    addServices(server, services);
    return new Promise((resolve, reject) => {
      const credentials = grpc.ServerCredentials.createInsecure();
      server.bindAsync(`${host}:${port}`, credentials, (error, bound) => {
        if (error === null) resolve(new GrpcServer(server, bound));
        else reject(error);
      });
    });
  }

  /** Ends every call at once. */
  close(): void {
    this.#server.forceShutdown();
  }
}

function addServices(server: grpc.Server, services: Services): void {
  server.addService(gateway.GatewayService, {
    evaluate: unary((request: gateway.EvaluateRequest) => services.evaluate(request)),
    endorse: unary((request: gateway.EndorseRequest) => services.endorse(request)),
    submit: unary(async (request: gateway.SubmitRequest) => services.submit(request)),
    commitStatus: unary((request: gateway.SignedCommitStatusRequest, signal) =>
      services.commitStatus(request, signal),
    ),
    chaincodeEvents: (call: ServerStream) =>
      void pump(call, (signal) => services.chaincodeEvents(call.request, signal)),
  });
  server.addService(peer.DeliverService, {
    deliver: deliver(services, 'block'),
    deliverFiltered: deliver(services, 'filtered'),
    deliverWithPrivateData: deliver(services, 'private'),
  });
  server.addService(peer.ChaincodeSupportService, { register: refuseChaincode });
}

function unary<Q, R>(handle: (request: Q, signal: AbortSignal) => Promise<R>) {
  return (call: grpc.ServerUnaryCall<Q, R>, callback: grpc.sendUnaryData<R>): void => {
    const abort = new AbortController();
    call.on('cancelled', () => abort.abort());
    void (async () => {
      try {
        callback(null, await handle(call.request, abort.signal));
      } catch (error) {
        callback(statusOf(error));
      }
    })();
  };
}

/** The first message of the client is its seek request; a client sends no other. */
function deliver(services: Services, kind: DeliverKind) {
  return (call: Duplex): void => {
    call.once('data', (envelope: common.Envelope) => {
      void pump(call, (signal) => services.deliver(envelope, kind, signal));
    });
  };
}

/** Copies what a generator yields to a client, no faster than it reads. */
async function pump(
  call: ServerStream | Duplex,
  rows: (signal: AbortSignal) => AsyncGenerator<unknown>,
): Promise<void> {
  const abort = new AbortController();
  call.on('cancelled', () => abort.abort());
  try {
    for await (const row of rows(abort.signal)) {
      if (!call.write(row)) await drained(call, abort.signal);
    }
    call.end();
  } catch (error) {
    call.emit('error', statusOf(error));
  }
}

/** A stream opened by a chaincode would not say for which organisation it runs. */
function refuseChaincode(call: grpc.ServerDuplexStream<unknown, unknown>): void {
  const text =
    'the development ledger dials its chaincodes: run `fabric-chaincode-node server` and name its address with --organisation';
  call.emit('error', statusOf(new RpcError(grpc.status.UNIMPLEMENTED, text)));
}
