/**
 * A gRPC client without gRPC: the unmodified gateway SDK works over it within one process.
 *
 * The SDK calls nothing of its client but the three `make…Request` methods and `close`.
 *
 * @module
 */
import { PassThrough } from 'node:stream';
import * as grpc from '@grpc/grpc-js';
import type { common, gateway } from '@hyperledger/fabric-protos';
import { drained } from './drained.ts';
import type { DeliverKind } from './event-streams.ts';
import { statusOf } from './rpc-error.ts';
import type { Services } from './services.ts';

type Callback = (error: grpc.ServiceError | null, response?: unknown) => void;
type Unary = (services: Services, request: never, signal: AbortSignal) => unknown;

const UNARY: Readonly<Record<string, Unary>> = {
  Evaluate: (services, request) => services.evaluate(request),
  Endorse: (services, request) => services.endorse(request),
  Submit: (services, request) => services.submit(request),
  CommitStatus: (services, request, signal) => services.commitStatus(request, signal),
};

const DELIVER: Readonly<Record<string, DeliverKind>> = {
  Deliver: 'block',
  DeliverFiltered: 'filtered',
  DeliverWithPrivateData: 'private',
};

export function newMemoryClient(services: Services): grpc.Client {
  // the SDK asks for a grpc.Client and uses exactly these
  return {
    makeUnaryRequest: (...args: UnaryArguments) => unaryRequest(services, ...args),
    makeServerStreamRequest: (
      _method: string,
      _serialize: unknown,
      _deserialize: unknown,
      request: gateway.SignedChaincodeEventsRequest,
    ) => readable((signal) => services.chaincodeEvents(request, signal)),
    makeBidiStreamRequest: (method: string) => deliverRequest(services, method),
    close: () => undefined,
  } as unknown as grpc.Client;
}

type UnaryArguments = [
  method: string,
  serialize: unknown,
  deserialize: unknown,
  request: unknown,
  options: grpc.CallOptions,
  callback: Callback,
];

function unaryRequest(services: Services, ...args: UnaryArguments): { cancel(): void } {
  const [method, , , request, { deadline }, callback] = args;
  const abort = new AbortController();
  let isSettled = false;
  const settle: Callback = (error, response) => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(timer);
    callback(error, response);
  };
  const stop = (code: grpc.status, details: string): void => {
    abort.abort();
    settle(serviceError({ code, details, metadata: new grpc.Metadata() }));
  };
  const timer =
    deadline === undefined
      ? undefined
      : setTimeout(
          () => stop(grpc.status.DEADLINE_EXCEEDED, 'Deadline exceeded'),
          Math.max(0, Number(deadline) - Date.now()),
        );
  void (async () => {
    try {
      const unary = UNARY[nameOf(method)];
      if (unary === undefined) throw new Error(`bug: no method ${method}`);
      settle(null, await unary(services, request as never, abort.signal));
    } catch (error) {
      settle(serviceError(statusOf(error)));
    }
  })();
  return { cancel: () => stop(grpc.status.CANCELLED, 'Cancelled on client') };
}

/** The first message written is the seek request; nothing more is ever sent. */
function deliverRequest(services: Services, method: string): object {
  const kind = DELIVER[nameOf(method)] ?? 'block';
  let write: (envelope: common.Envelope) => void = () => undefined;
  const given = new Promise<common.Envelope>((resolve) => {
    write = resolve;
  });
  const stream = readable(async function* (signal) {
    yield* services.deliver(await given, kind, signal);
  });
  return Object.assign(stream, { write });
}

/** What a generator yields, as the object stream that gRPC would hand out. */
function readable(rows: (signal: AbortSignal) => AsyncGenerator<unknown>): PassThrough {
  const abort = new AbortController();
  const stream = new PassThrough({ objectMode: true });
  const write = stream.write.bind(stream);
  void (async () => {
    try {
      for await (const row of rows(abort.signal)) {
        if (!write(row)) await drained(stream, abort.signal);
      }
      stream.end();
    } catch (error) {
      stream.destroy(serviceError(statusOf(error)));
    }
  })();
  const cancel = (): void => {
    abort.abort();
    const details = 'Cancelled on client';
    const code = grpc.status.CANCELLED;
    stream.destroy(serviceError({ code, details, metadata: new grpc.Metadata() }));
  };
  return Object.assign(stream, { cancel });
}

const nameOf = (method: string): string => method.slice(method.lastIndexOf('/') + 1);

function serviceError(status: grpc.StatusObject): grpc.ServiceError {
  const text = `${status.code} ${grpc.status[status.code]}: ${status.details}`;
  return Object.assign(new Error(text), status);
}
