/**
 * Everything a client may call, without a transport.
 *
 * @module
 */
import type { common, gateway, peer } from '@hyperledger/fabric-protos';
import type { Context } from './context.ts';
import { chaincodeEvents, deliver, type DeliverKind } from './event-streams.ts';
import { GatewayService } from './gateway-service.ts';
import { commitStatus, submit } from './submission.ts';

export interface Services {
  evaluate(request: gateway.EvaluateRequest): Promise<gateway.EvaluateResponse>;
  endorse(request: gateway.EndorseRequest): Promise<gateway.EndorseResponse>;
  submit(request: gateway.SubmitRequest): gateway.SubmitResponse;
  commitStatus(
    request: gateway.SignedCommitStatusRequest,
    signal: AbortSignal,
  ): Promise<gateway.CommitStatusResponse>;
  chaincodeEvents(
    request: gateway.SignedChaincodeEventsRequest,
    signal: AbortSignal,
  ): AsyncGenerator<gateway.ChaincodeEventsResponse, void>;
  deliver(
    envelope: common.Envelope,
    kind: DeliverKind,
    signal: AbortSignal,
  ): AsyncGenerator<peer.DeliverResponse, void>;
}

export function newServices(context: Context): Services {
  const gatewayService = new GatewayService(context);
  return {
    evaluate: (request) => gatewayService.evaluate(request),
    endorse: (request) => gatewayService.endorse(request),
    submit: (request) => submit(context, request),
    commitStatus: (request, signal) => commitStatus(context, request, signal),
    chaincodeEvents: (request, signal) => chaincodeEvents(context, request, signal),
    deliver: (envelope, kind, signal) => deliver(context, envelope, kind, signal),
  };
}
