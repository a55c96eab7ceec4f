/**
 * One channel in one LevelDB: blocks, indexes, state and history, always written together.
 *
 * A block and all that follows from it is one atomic batch, so there is nothing to recover after a crash.
 *
 * @module
 */
import { common } from '@hyperledger/fabric-protos';
import { type BatchOperation, ClassicLevel } from 'classic-level';
import { openIn } from './durable-folder.ts';
import { headerHash, newLedgerBlock, numberOf } from './ledger-block.ts';
import { type Database, StateView } from './state-view.ts';
import * as keys from './store-keys.ts';
import type { StateValue, TransactionPlace, Version } from './store-keys.ts';

type Operation = BatchOperation<Database, Buffer, Buffer>;
const NOTHING = Buffer.alloc(0);

/** What a block changes beside itself. */
export class Batch {
  readonly operations: Operation[] = [];

  /** A write of the state; `undefined` deletes. */
  state(namespace: string, key: string, state: StateValue | undefined): void {
    const at = keys.stateKey(namespace, key);
    if (state === undefined) this.operations.push({ type: 'del', key: at });
    else this.#put(at, keys.encodeState(state));
  }

  history(namespace: string, key: string, version: Version): void {
    this.#put(keys.historyKey(namespace, key, version), NOTHING);
  }

  transaction(transactionId: string, place: TransactionPlace): void {
    this.#put(keys.transactionKey(transactionId), keys.encodePlace(place));
  }

  block(block: common.Block, hash: Uint8Array): void {
    const number = numberOf(block);
    this.#put(keys.blockKey(number), Buffer.from(block.serializeBinary()));
    this.#put(keys.hashKey(hash), keys.u64(number));
    this.#put(keys.TIP, Buffer.concat([keys.u64(number + 1), hash]));
  }

  format(json: string): void {
    this.#put(keys.FORMAT, Buffer.from(json));
  }

  #put(key: Buffer, value: Buffer): void {
    this.operations.push({ type: 'put', key, value });
  }
}

export class ChannelStore {
  readonly #database: Database;
  readonly #isSynced: boolean;
  #view: StateView | undefined;
  #height = 0;
  #tipHash: Uint8Array = NOTHING;

  private constructor(database: Database, isSynced: boolean) {
    this.#database = database;
    this.#isSynced = isSynced;
    const tip = database.getSync(keys.TIP);
    if (tip === undefined) return;
    this.#height = Number(tip.readBigUInt64BE(0));
    this.#tipHash = tip.subarray(8);
  }

  /**
   * @param isSynced - whether a write returns only when the disk has it; tests that do not crash can do without.
   * @throws when another process has the folder open.
   */
  static async open(folder: string, isSynced: boolean): Promise<ChannelStore> {
    const database: Database = new ClassicLevel(folder, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    });
    await openIn(folder, database);
    return new ChannelStore(database, isSynced);
  }

  /** Number of blocks. */
  get height(): number {
    return this.#height;
  }

  /** Hash of the last block's header. */
  get tipHash(): Uint8Array {
    return this.#tipHash;
  }

  /** What was recorded when the ledger was made. */
  get format(): string | undefined {
    return this.#database.getSync(keys.FORMAT)?.toString();
  }

  /** The state as of the last block, which the caller must release. */
  currentView(): StateView {
    this.#view ??= new StateView(this.#database);
    return this.#view.retain();
  }

  /** Appends a block of envelopes together with everything in the batch. */
  async append(
    envelopes: readonly Uint8Array[],
    codes: readonly number[],
    batch: Batch,
  ): Promise<common.Block> {
    const block = newLedgerBlock(this.#height, this.#tipHash, envelopes, codes);
    const header = block.getHeader();
    if (header === undefined) throw new Error('bug: a block without a header');
    const hash = headerHash(header);
    batch.block(block, hash);
    await this.#database.batch(batch.operations, { sync: this.#isSynced });
    this.#height += 1;
    this.#tipHash = hash;
    await this.#dropView();
    return block;
  }

  block(number: number): common.Block | undefined {
    const bytes = this.#database.getSync(keys.blockKey(number));
    return bytes === undefined ? undefined : common.Block.deserializeBinary(bytes);
  }

  blockNumberByHash(hash: Uint8Array): number | undefined {
    const bytes = this.#database.getSync(keys.hashKey(hash));
    return bytes === undefined ? undefined : Number(bytes.readBigUInt64BE(0));
  }

  /** Where a transaction id first appeared, valid or not. */
  transactionPlace(transactionId: string): TransactionPlace | undefined {
    const bytes = this.#database.getSync(keys.transactionKey(transactionId));
    return bytes === undefined ? undefined : keys.decodePlace(bytes);
  }

  /** Valid writes of a key, newest first, as a peer since 2.0. */
  async *history(namespace: string, key: string): AsyncGenerator<Version, void> {
    const prefix = keys.historyPrefix(namespace, key);
    const end = Buffer.concat([prefix, Buffer.alloc(keys.VERSION_LENGTH, 0xff)]);
    for await (const at of this.#database.keys({ gte: prefix, lt: end, reverse: true })) {
      yield keys.decodeVersion(at.subarray(prefix.length));
    }
  }

  async close(): Promise<void> {
    await this.#dropView();
    await this.#database.close();
  }

  async #dropView(): Promise<void> {
    const view = this.#view;
    this.#view = undefined;
    await view?.release();
  }
}
