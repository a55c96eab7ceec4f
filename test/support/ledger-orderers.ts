/** The orderers of the ledger in memory, which go away and come back. */
import { status } from '@grpc/grpc-js';
import { gateway } from '@hyperledger/fabric-protos';
import type { DevPeer } from '../../network/devpeer/src/dev-peer.ts';
import { RpcError } from '../../network/devpeer/src/rpc-error.ts';

/** What the gateway of a real peer answers whose orderers have no leader (Fabric 2.5, internal/pkg/gateway/submit.go). */
const noLeader = (): RpcError =>
  new RpcError(status.UNAVAILABLE, 'no orderers could successfully process transaction', [
    {
      address: 'orderer-1.holdfast.test:17001',
      mspId: 'Orderers',
      message: 'received unsuccessful response from orderer: no Raft leader',
    },
  ]);

export interface Orderers {
  /** From now on nobody takes an order. */
  leave(): void;
  /** From now on one takes orders that it can do nothing with until {@link comeBack}. */
  leaveOne(): void;
  /** All are there again; what one has taken comes first. */
  comeBack(): void;
  /** Orders that were sent, refused ones too. */
  readonly sent: () => number;
}

export function orderersOf({ services }: Pick<DevPeer, 'services'>): Orderers {
  const honest = services.submit.bind(services);
  let taken: gateway.SubmitRequest[] = [];
  let sent = 0;
  const counted =
    (submit: typeof honest): typeof honest =>
    (request) => {
      sent += 1;
      return submit(request);
    };
  services.submit = counted(honest);
  return {
    leave() {
      services.submit = counted(() => {
        throw noLeader();
      });
    },
    leaveOne() {
      services.submit = counted((request) => {
        taken.push(request);
        return new gateway.SubmitResponse();
      });
    },
    comeBack() {
      services.submit = counted(honest);
      for (const request of taken) honest(request);
      taken = [];
    },
    sent: () => sent,
  };
}
