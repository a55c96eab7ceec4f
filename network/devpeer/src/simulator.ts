/**
 * Records what one proposal reads and writes, without writing anything.
 *
 * Reads see the committed state only, never the transaction's own writes.
 *
 * @module
 */
import { ledger } from '@hyperledger/fabric-protos';
import { newRead, RangeDigest, type RangeQueryInfo, type Read } from './range-digest.ts';
import type { StateReader } from './state-view.ts';
import { compareKeys } from './store-keys.ts';

const { kvrwset, TxReadWriteSet } = ledger.rwset;
type Write = ledger.rwset.kvrwset.KVWrite;

interface Namespace {
  readonly reads: Map<string, Read>;
  readonly writes: Map<string, Write>;
  readonly ranges: { readonly info: RangeQueryInfo; readonly digest: RangeDigest }[];
}

export interface RangeRow {
  readonly key: string;
  readonly value: Uint8Array;
}

export class Simulator {
  readonly #transactionId: string;
  readonly #state: StateReader;
  readonly #namespaces = new Map<string, Namespace>();
  #hasWritten = false;
  #hasPaged = false;

  constructor(transactionId: string, state: StateReader) {
    this.#transactionId = transactionId;
    this.#state = state;
  }

  get(namespace: string, key: string): Uint8Array | undefined {
    const state = this.#state.get(namespace, key);
    this.#namespace(namespace).reads.set(key, newRead(key, state?.version));
    return state?.value;
  }

  /** As on a peer, an empty value deletes. The last write of a key counts. */
  put(namespace: string, key: string, value: Uint8Array): void {
    if (this.#hasPaged) {
      throw this.#unsupported(
        'Transaction has already performed a paginated query. Writes are not allowed',
      );
    }
    this.#hasWritten = true;
    const write = new kvrwset.KVWrite();
    write.setKey(key);
    write.setIsDelete(value.length === 0);
    if (value.length > 0) write.setValue(value);
    this.#namespace(namespace).writes.set(key, write);
  }

  delete(namespace: string, key: string): void {
    this.put(namespace, key, new Uint8Array());
  }

  /**
   * Rows in key order; what is handed out is what is later checked for phantoms.
   *
   * @param pageSize - rows wanted, 0 for all.
   * @returns the bookmark: the first key of the next page, empty when there is none.
   */
  range(
    namespace: string,
    start: string,
    end: string,
    pageSize: number,
  ): AsyncGenerator<RangeRow, string> {
    if (pageSize > 0) this.#notePage();
    const range = { info: new kvrwset.RangeQueryInfo(), digest: new RangeDigest() };
    range.info.setStartKey(start);
    this.#namespace(namespace).ranges.push(range);
    return this.#rows(this.#state.range(namespace, start, end), range, end, pageSize);
  }

  /** Serialized TxReadWriteSet. */
  result(): Uint8Array {
    const set = new TxReadWriteSet();
    for (const [name, namespace] of sorted(this.#namespaces)) {
      const encoded = set.addNsRwset();
      encoded.setNamespace(name);
      encoded.setRwset(encode(namespace).serializeBinary());
    }
    return set.serializeBinary();
  }

  async *#rows(
    rows: ReturnType<StateReader['range']>,
    { info, digest }: Namespace['ranges'][number],
    end: string,
    pageSize: number,
  ): AsyncGenerator<RangeRow, string> {
    let count = 0;
    for await (const { key, state } of rows) {
      if (pageSize > 0 && count === pageSize) return key;
      count += 1;
      digest.add(newRead(key, state.version));
      info.setEndKey(key);
      yield { key, value: state.value };
    }
    // a full page ends the recorded range at the last key handed out, whether or not more follow
    if (pageSize === 0 || count < pageSize) {
      info.setItrExhausted(true);
      info.setEndKey(end);
    }
    return '';
  }

  #notePage(): void {
    if (this.#hasWritten) {
      throw this.#unsupported('Paginated queries are supported only in a read-only transaction');
    }
    this.#hasPaged = true;
  }

  /** The misspelling is Fabric's. */
  #unsupported(why: string): Error {
    return new Error(`txid [${this.#transactionId}]: unsuppored transaction. ${why}`);
  }

  #namespace(name: string): Namespace {
    const known = this.#namespaces.get(name);
    if (known !== undefined) return known;
    const namespace: Namespace = { reads: new Map(), writes: new Map(), ranges: [] };
    this.#namespaces.set(name, namespace);
    return namespace;
  }
}

function encode({ reads, writes, ranges }: Namespace): ledger.rwset.kvrwset.KVRWSet {
  const set = new kvrwset.KVRWSet();
  set.setReadsList(sorted(reads).map(([, read]) => read));
  set.setWritesList(sorted(writes).map(([, write]) => write));
  const seen = new Set<string>();
  for (const { info, digest } of ranges) {
    const id = JSON.stringify([info.getStartKey(), info.getEndKey(), info.getItrExhausted()]);
    if (seen.has(id)) continue; // a peer records the same query once
    seen.add(id);
    digest.finish(info);
    set.addRangeQueriesInfo(info);
  }
  return set;
}

const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
  [...map].sort(([a], [b]) => compareKeys(a, b));
