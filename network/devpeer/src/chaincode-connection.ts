/**
 * A chaincode that runs as a service: we dial it, and dial again when it goes away.
 *
 * @module
 */
import { credentials } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import type { ChaincodeStream } from './chaincode-messages.ts';
import { MESSAGE_LIMITS } from './grpc-server.ts';

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 250;

/** Serves a chaincode's stream; resolves when it has registered, calls `onEnd` when it is gone. */
type Attach = (stream: ChaincodeStream, onEnd: () => void) => Promise<void>;

export class ChaincodeConnection {
  /** The chaincode has registered for the first time. */
  readonly ready: Promise<void>;
  readonly #address: string;
  readonly #attach: Attach;
  #client: peer.ChaincodeClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delayMs = FIRST_DELAY_MS;
  #isClosed = false;
  #onReady: () => void = () => undefined;

  /** @param address - `host:port` of `fabric-chaincode-node server`. */
  constructor(address: string, attach: Attach) {
    this.#address = address;
    this.#attach = attach;
    this.ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
    this.#dial();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#client?.close();
  }

  #dial(): void {
    // a client of its own each time: the backoff is ours, not that of a channel that has failed before
    const client = new peer.ChaincodeClient(this.#address, credentials.createInsecure(), {
      ...MESSAGE_LIMITS,
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#client = client;
    const redial = (): void => {
      client.close();
      this.#redial();
    };
    this.#attach(client.connect(), redial).then(
      () => {
        this.#delayMs = FIRST_DELAY_MS;
        this.#onReady();
      },
      () => undefined, // the stream has ended, which `redial` has been told
    );
  }

  #redial(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => this.#dial(), this.#delayMs);
    this.#delayMs = Math.min(2 * this.#delayMs, LONGEST_DELAY_MS);
  }
}
