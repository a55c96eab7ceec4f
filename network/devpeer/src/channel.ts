/**
 * The channel: envelopes are cut into blocks, judged, committed, and those who wait are told.
 *
 * A block is cut whenever the last one has been written, so blocks grow with the load by themselves.
 *
 * @module
 */
import { common, ledger } from '@hyperledger/fabric-protos';
import { HeaderType, ValidationCode } from './codes.ts';
import { BlockUpdates } from './block-updates.ts';
import { CommitWaiters, type CommitInfo } from './commit-waiters.ts';
import { Batch, type ChannelStore } from './store.ts';
import type { Version } from './store-keys.ts';
import { judge, LIFECYCLE, type Rules } from './validator.ts';

const { kvrwset } = ledger.rwset;

/** A block holds at most this many transactions and, unless it holds only one, this many bytes: Fabric's sample values. */
const MAX_TRANSACTIONS = 500;
const PREFERRED_BYTES = 2 * 1024 * 1024;

interface Pending {
  readonly transactionId: string;
  readonly envelope: common.Envelope;
  readonly bytes: Uint8Array;
}

export class Channel {
  readonly id: string;
  readonly store: ChannelStore;
  readonly rules: Omit<Rules, 'isDuplicate'>;
  readonly #waiters = new CommitWaiters();
  #queue: Pending[] = [];
  #draining: Promise<void> | undefined;
  #failure: Error | undefined;
  #tellFailed: (error: Error) => void = () => undefined;
  /** Resolves when the disk has failed: nothing is written any more, and only a new start reads what is there. */
  readonly failed = new Promise<Error>((resolve) => {
    this.#tellFailed = resolve;
  });

  constructor(id: string, store: ChannelStore, rules: Omit<Rules, 'isDuplicate'>) {
    this.id = id;
    this.store = store;
    this.rules = rules;
  }

  /** Writes block 0 on a new ledger: the configuration, and the chaincode's definition. */
  async bootstrap(format: string): Promise<void> {
    if (this.store.height > 0) return;
    const batch = new Batch();
    batch.format(format);
    const version = { block: 0, index: 0 };
    batch.state(LIFECYCLE, definitionKey(this.rules.chaincode), { version, value: SEQUENCE_ONE });
    const envelope = configurationEnvelope(this.id).serializeBinary();
    await this.store.append([envelope], [ValidationCode.VALID], batch);
  }

  /** @throws when the ledger has stopped, because it is closing or its disk failed. */
  submit(transactionId: string, envelope: common.Envelope): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#queue.push({ transactionId, envelope, bytes: envelope.serializeBinary() });
    this.#draining ??= this.#drain();
  }

  isKnown(transactionId: string): boolean {
    return this.store.transactionPlace(transactionId) !== undefined;
  }

  /** Resolves when the transaction is in a block, at once if it is already. */
  waitFor(transactionId: string, signal: AbortSignal): Promise<CommitInfo> {
    const place = this.store.transactionPlace(transactionId);
    if (place !== undefined) {
      return Promise.resolve({ ledgerBlockNumber: place.block, code: place.code });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return this.#waiters.waitFor(transactionId, signal);
  }

  /** Blocks from `start` on, then new ones as they commit, until aborted. */
  async *blocks(start: number, signal: AbortSignal): AsyncGenerator<common.Block, void> {
    for (let number = start; !signal.aborted; number++) {
      while (number >= this.store.height && !signal.aborted) {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#waiters.nextBlock(signal);
      }
      const block = signal.aborted ? undefined : this.store.block(number);
      if (block !== undefined) yield block;
    }
  }

  /** Writes what has been accepted, then ends every wait. */
  async close(): Promise<void> {
    const draining = this.#draining;
    this.#failure ??= new Error('the ledger is closing');
    await draining;
    this.#waiters.fail(this.#failure);
    await this.store.close();
  }

  async #drain(): Promise<void> {
    // whoever submits in the same turn shares the block
    await new Promise((resolve) => void setImmediate(resolve));
    try {
      while (this.#queue.length > 0) await this.#commit(this.#cut());
    } catch (error) {
      // never go on after a failed write: what is on disk is no longer known
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#waiters.fail(this.#failure);
      this.#tellFailed(this.#failure);
    } finally {
      this.#draining = undefined;
    }
  }

  #cut(): Pending[] {
    let bytes = 0;
    const fits = (pending: Pending, index: number): boolean => {
      bytes += pending.bytes.length;
      return index === 0 || (index < MAX_TRANSACTIONS && bytes <= PREFERRED_BYTES);
    };
    const end = this.#queue.findIndex((pending, index) => !fits(pending, index));
    return this.#queue.splice(0, end < 0 ? this.#queue.length : end);
  }

  async #commit(pending: readonly Pending[]): Promise<void> {
    const number = this.store.height;
    const batch = new Batch();
    const codes = await this.#judgeAll(pending, batch);
    await this.store.append(
      pending.map(({ bytes }) => bytes),
      codes,
      batch,
    );
    pending.forEach(({ transactionId }, index) => {
      const code = codes[index] ?? ValidationCode.NOT_VALIDATED;
      this.#waiters.committed(transactionId, { ledgerBlockNumber: number, code });
    });
    this.#waiters.newBlock();
  }

  async #judgeAll(pending: readonly Pending[], batch: Batch): Promise<number[]> {
    const view = this.store.currentView();
    const updates = new BlockUpdates();
    const inBlock = new Set<string>();
    const isDuplicate = (id: string): boolean => inBlock.has(id) || this.isKnown(id);
    const codes: number[] = [];
    try {
      for (const [index, { transactionId, envelope }] of pending.entries()) {
        const version = { block: this.store.height, index };
        const { code, set } = await judge(
          envelope,
          { ...this.rules, isDuplicate },
          { view, updates },
        );
        if (set !== undefined) applyWrites(set, version, updates, batch);
        codes.push(code);
        // an id keeps the place and the result of its first appearance
        if (!isDuplicate(transactionId)) batch.transaction(transactionId, { ...version, code });
        inBlock.add(transactionId);
      }
    } finally {
      await view.release();
    }
    for (const { namespace, key, state } of updates.all()) batch.state(namespace, key, state);
    return codes;
  }
}

function applyWrites(
  set: ledger.rwset.TxReadWriteSet,
  version: Version,
  updates: BlockUpdates,
  batch: Batch,
): void {
  for (const one of set.getNsRwsetList()) {
    const namespace = one.getNamespace();
    for (const write of kvrwset.KVRWSet.deserializeBinary(one.getRwset_asU8()).getWritesList()) {
      const key = write.getKey();
      const value = write.getValue_asU8();
      const isDelete = write.getIsDelete() || value.length === 0;
      updates.set({ namespace, key, state: isDelete ? undefined : { version, value } });
      batch.history(namespace, key, version);
    }
  }
}

/** The key whose version every transaction reads, so that an upgrade of the chaincode invalidates those in flight. */
export const definitionKey = (chaincode: string): string =>
  `namespaces/fields/${chaincode}/Sequence`;

/** A StateData message with the integer 1: this ledger knows one definition, which never changes. */
const SEQUENCE_ONE = Uint8Array.of(0x08, 0x01);

function configurationEnvelope(channelId: string): common.Envelope {
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(HeaderType.CONFIG);
  channelHeader.setChannelId(channelId);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(new common.SignatureHeader().serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(new common.ConfigEnvelope().serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope;
}
