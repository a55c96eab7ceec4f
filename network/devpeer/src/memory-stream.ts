/**
 * A chaincode stream within one process: two ends, what is written to one comes out of the other.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import type { peer } from '@hyperledger/fabric-protos';
import type { ChaincodeStream } from './chaincode-messages.ts';

export function newMemoryStream(): { peerEnd: ChaincodeStream; chaincodeEnd: ChaincodeStream } {
  const peerEvents = new EventEmitter();
  const chaincodeEvents = new EventEmitter();
  return {
    peerEnd: newEnd(peerEvents, chaincodeEvents),
    chaincodeEnd: newEnd(chaincodeEvents, peerEvents),
  };
}

function newEnd(own: EventEmitter, other: EventEmitter): ChaincodeStream {
  return {
    write(message: peer.ChaincodeMessage) {
      queueMicrotask(() => other.emit('data', message));
      return true;
    },
    on: (event: string, listener: Parameters<EventEmitter['on']>[1]) => own.on(event, listener),
    end: () => other.emit('end'),
  };
}
