/**
 * One connected chaincode: it registers, is given transactions, and asks for state while it runs them.
 *
 * @module
 */
import { peer } from '@hyperledger/fabric-protos';
import { type ChaincodeStream, nameOfType, newMessage } from './chaincode-messages.ts';
import { MessageType, REFUSED } from './codes.ts';
import { answerRequest, type Invocation, type Run } from './state-requests.ts';

export interface SessionOptions {
  /** How long one call may take, a peer's `executetimeout`. */
  readonly executeTimeoutMs: number;
  /** The chaincode has registered and may be called. */
  onReady(session: ChaincodeSession): void;
  onClose(session: ChaincodeSession, reason: Error): void;
}

interface ActiveRun extends Run {
  /** A request of the chaincode is being answered. */
  isPending: boolean;
  finish(outcome: peer.ChaincodeMessage | Error): void;
}

export class ChaincodeSession {
  readonly #stream: ChaincodeStream;
  readonly #options: SessionOptions;
  readonly #runs = new Map<string, ActiveRun>();
  #isOpen = true;

  constructor(stream: ChaincodeStream, options: SessionOptions) {
    this.#stream = stream;
    this.#options = options;
    const ended = (error?: Error): void => {
      this.#ended(error ?? new Error('chaincode stream terminated'));
    };
    stream.on('data', (message) => {
      try {
        this.#receive(message);
      } catch (cause) {
        stream.end();
        ended(new Error('the chaincode sent what does not decode', { cause }));
      }
    });
    stream.on('end', () => ended());
    stream.on('close', () => ended());
    stream.on('error', ended);
  }

  /**
   * Runs one call.
   *
   * @returns the chaincode's last message, COMPLETED or ERROR.
   * @throws when the chaincode goes away, takes too long, or is already running this transaction.
   */
  execute(invocation: Invocation): Promise<peer.ChaincodeMessage> {
    const id = runId(invocation.channelId, invocation.transactionId);
    if (!this.#isOpen) {
      return Promise.reject(new Error('error sending: chaincode stream terminated'));
    }
    if (this.#runs.has(id)) {
      const transaction = `${invocation.transactionId}(${invocation.channelId})`;
      return Promise.reject(new Error(`error sending: txid: ${transaction} exists`));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        run.finish(new Error('error sending: timeout expired while executing transaction'));
      }, this.#options.executeTimeoutMs);
      const finish: ActiveRun['finish'] = (outcome) => {
        clearTimeout(timer);
        this.#runs.delete(id);
        for (const query of run.queries.values()) void query.close();
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const run: ActiveRun = {
        invocation,
        queries: new Map(),
        opened: 0,
        isPending: false,
        finish,
      };
      this.#runs.set(id, run);
      this.#send(MessageType.TRANSACTION, invocation, invocation.input.serializeBinary());
    });
  }

  close(): void {
    this.#stream.end();
    this.#ended(new Error('chaincode stream terminated'));
  }

  #receive(message: peer.ChaincodeMessage): void {
    const type = message.getType();
    if (type === MessageType.REGISTER) this.#register();
    else if (type === MessageType.COMPLETED || type === MessageType.ERROR) this.#complete(message);
    else if (type !== MessageType.KEEPALIVE) void this.#answer(message);
  }

  /** Whatever name it gives: an organisation has one chaincode, at the address we were told. */
  #register(): void {
    this.#stream.write(newMessage(MessageType.REGISTERED));
    this.#stream.write(newMessage(MessageType.READY));
    this.#options.onReady(this);
  }

  #complete(message: peer.ChaincodeMessage): void {
    const run = this.#runs.get(runId(message.getChannelId(), message.getTxid()));
    if (run === undefined) return;
    // a peer races the request against the result and may lose the write without a word
    if (run.isPending && isSuccess(message)) {
      run.finish(
        new Error(
          'the chaincode returned while a call of its stub was still pending: a promise is not awaited',
        ),
      );
    } else run.finish(message);
  }

  async #answer(message: peer.ChaincodeMessage): Promise<void> {
    const type = message.getType();
    const origin = { channelId: message.getChannelId(), transactionId: message.getTxid() };
    const run = this.#runs.get(runId(origin.channelId, origin.transactionId));
    if (run?.isPending === true) return; // a peer drops overlapping requests of one transaction
    try {
      if (run === undefined) throw new Error('no ledger context');
      run.isPending = true;
      const payload = await answerRequest(run, type, message.getPayload_asU8());
      // leaves the chaincode's next message time to arrive, so that a result that did not wait is noticed
      await new Promise((resolve) => void setImmediate(resolve));
      run.isPending = false;
      this.#send(MessageType.RESPONSE, origin, payload);
    } catch (error) {
      if (run !== undefined) run.isPending = false;
      const why = error instanceof Error ? error.message : String(error);
      const text = `${nameOfType(type)} failed: transaction ID: ${origin.transactionId}: ${why}`;
      this.#send(MessageType.ERROR, origin, Buffer.from(text));
    }
  }

  #send(
    type: MessageType,
    origin: { channelId: string; transactionId: string; proposal?: peer.SignedProposal },
    payload: Uint8Array | undefined,
  ): void {
    if (this.#isOpen) this.#stream.write(newMessage(type, { ...origin, payload }));
  }

  #ended(reason: Error): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const lost = new Error('error sending: chaincode stream terminated', { cause: reason });
    for (const run of this.#runs.values()) run.finish(lost);
    this.#options.onClose(this, reason);
  }
}

const runId = (channelId: string, transactionId: string): string => `${channelId}/${transactionId}`;

/** A refusal needs no complaint about what was left pending: it changes nothing. */
function isSuccess(message: peer.ChaincodeMessage): boolean {
  if (message.getType() !== MessageType.COMPLETED) return false;
  return peer.Response.deserializeBinary(message.getPayload_asU8()).getStatus() < REFUSED;
}
