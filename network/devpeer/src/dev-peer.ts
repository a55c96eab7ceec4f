/**
 * The development peer put together: one channel, one chaincode, every organisation's peer and the orderer.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { Channel } from './channel.ts';
import type { ChaincodeStream } from './chaincode-messages.ts';
import { ChaincodeSession } from './chaincode-session.ts';
import { Endorser } from './endorser.ts';
import { type Organisation, Organisations, type SigningIdentity } from './organisations.ts';
import { newServices, type Services } from './services.ts';
import { ChannelStore } from './store.ts';

const EXECUTE_TIMEOUT_MS = 30_000;
/** Version of the layout in `store-keys.ts`. */
const LAYOUT = 1;

export interface DevPeerOptions {
  readonly folder: string;
  readonly channel: string;
  readonly chaincode: string;
  /** Each with the identity its peer endorses with. */
  readonly organisations: readonly (Organisation & { readonly peer: SigningIdentity })[];
  /** Default true: what is acknowledged survives a power cut. */
  readonly isSynced?: boolean;
  readonly executeTimeoutMs?: number;
  readonly isRevoked?: (mspId: string, serialNumber: string) => boolean;
  readonly addressOf?: (mspId: string) => string;
}

export class DevPeer {
  readonly services: Services;
  readonly channel: Channel;
  readonly #endorser: Endorser;
  readonly #sessions = new Set<ChaincodeSession>();
  readonly #executeTimeoutMs: number;

  private constructor(channel: Channel, options: DevPeerOptions, organisations: Organisations) {
    const { chaincode } = options;
    const peers = new Map(options.organisations.map(({ mspId, peer }) => [mspId, peer]));
    this.channel = channel;
    this.#executeTimeoutMs = options.executeTimeoutMs ?? EXECUTE_TIMEOUT_MS;
    this.#endorser = new Endorser(channel, { organisations, peers });
    this.services = newServices({
      channel,
      chaincode,
      organisations,
      endorser: this.#endorser,
      addressOf: options.addressOf ?? ((mspId) => `peer0.${mspId.toLowerCase()}:7051`),
    });
  }

  /** @throws when another process runs on the folder, or it holds another ledger. */
  static async open(options: DevPeerOptions): Promise<DevPeer> {
    const organisations = new Organisations(options.organisations, options.isRevoked);
    const store = await ChannelStore.open(options.folder, options.isSynced ?? true);
    try {
      const channel = new Channel(options.channel, store, {
        organisations,
        chaincode: options.chaincode,
        required: majorityOf(options.organisations.length),
      });
      const format = formatOf(options);
      await channel.bootstrap(format);
      if (store.format !== format) {
        throw new Error(
          `${options.folder} holds a ledger of another channel, other organisations or another version`,
        );
      }
      return new DevPeer(channel, options, organisations);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  /**
   * Serves an organisation's chaincode until its stream ends.
   *
   * @param onEnd - called once, when the stream has ended.
   * @returns when the chaincode has registered.
   */
  attach(mspId: string, stream: ChaincodeStream, onEnd?: (reason: Error) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const session = new ChaincodeSession(stream, {
        executeTimeoutMs: this.#executeTimeoutMs,
        onReady: (ready) => {
          this.#endorser.attach(mspId, ready);
          resolve();
        },
        onClose: (closed, reason) => {
          this.#endorser.detach(mspId, closed);
          this.#sessions.delete(closed);
          reject(reason);
          onEnd?.(reason);
        },
      });
      this.#sessions.add(session);
    });
  }

  /** Whether the organisation's chaincode is connected. */
  isReady(mspId: string): boolean {
    return this.#endorser.isReady(mspId);
  }

  async close(): Promise<void> {
    for (const session of this.#sessions) session.close();
    await this.channel.close();
  }
}

const majorityOf = (count: number): number => Math.floor(count / 2) + 1;

/** What may not change between two starts on the same folder. */
function formatOf({ channel, chaincode, organisations }: DevPeerOptions): string {
  const roots = organisations.map(({ mspId, rootCertificate }) => [
    mspId,
    createHash('sha256').update(rootCertificate).digest('hex'),
  ]);
  return JSON.stringify({ layout: LAYOUT, channel, chaincode, organisations: roots });
}
