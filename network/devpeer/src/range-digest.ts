/**
 * What a range query returned, in the form in which it is compared later to find phantoms.
 *
 * Up to 50 reads are listed; more are summarised in a Merkle tree of degree 50 (a peer's RangeQueryResultsHelper).
 *
 * @module
 */
import { ledger } from '@hyperledger/fabric-protos';
import { equalBytes, sha256 } from './hash.ts';
import type { Version } from './store-keys.ts';

const { kvrwset } = ledger.rwset;
export type Read = ledger.rwset.kvrwset.KVRead;
export type RangeQueryInfo = ledger.rwset.kvrwset.RangeQueryInfo;

const MAX_DEGREE = 50;

/** A read of a key that does not exist carries no version. */
export function newRead(key: string, version: Version | undefined): Read {
  const read = new kvrwset.KVRead();
  read.setKey(key);
  if (version === undefined) return read;
  const encoded = new kvrwset.Version();
  encoded.setBlockNum(version.block);
  encoded.setTxNum(version.index);
  read.setVersion(encoded);
  return read;
}

export class RangeDigest {
  readonly #maxDegree: number;
  readonly #levels = new Map<number, Uint8Array[]>();
  #pending: Read[] = [];
  #top = 1;

  constructor(maxDegree = MAX_DEGREE) {
    this.#maxDegree = maxDegree;
  }

  add(read: Read): void {
    this.#pending.push(read);
    if (this.#pending.length > this.#maxDegree) this.#flush();
  }

  /** Writes the listed reads or the summary into the query's record. */
  finish(into: RangeQueryInfo): void {
    if (this.#levels.size === 0) {
      if (this.#pending.length > 0) into.setRawReads(listOf(this.#pending));
      return;
    }
    if (this.#pending.length > 0) this.#flush();
    for (let level = 1; level < this.#top; level++) this.#fold(level);
    if (this.#at(this.#top).length > this.#maxDegree) {
      this.#fold(this.#top);
      this.#top += 1;
    }
    const summary = new kvrwset.QueryReadsMerkleSummary();
    summary.setMaxDegree(this.#maxDegree);
    summary.setMaxLevel(this.#top);
    summary.setMaxLevelHashesList(this.#at(this.#top));
    into.setReadsMerkleHashes(summary);
  }

  #flush(): void {
    const hash = sha256(listOf(this.#pending).serializeBinary());
    this.#pending = [];
    this.#push(1, hash);
    for (let level = 1; this.#at(level).length > this.#maxDegree; level++) {
      this.#fold(level);
      this.#top = Math.max(this.#top, level + 1);
    }
  }

  /** Moves the hashes of a level up as one; a single hash moves up unhashed. */
  #fold(level: number): void {
    const hashes = this.#at(level);
    const [only] = hashes;
    if (only === undefined) return;
    this.#levels.delete(level);
    this.#push(level + 1, hashes.length === 1 ? only : sha256(...hashes));
  }

  #at(level: number): Uint8Array[] {
    return this.#levels.get(level) ?? [];
  }

  #push(level: number, hash: Uint8Array): void {
    this.#levels.set(level, [...this.#at(level), hash]);
  }
}

/** Whether two records of the same range saw the same rows. */
export const isSameResult = (a: RangeQueryInfo, b: RangeQueryInfo): boolean =>
  equalBytes(resultBytes(a), resultBytes(b));

const resultBytes = (info: RangeQueryInfo): Uint8Array =>
  (info.getReadsMerkleHashes() ?? info.getRawReads() ?? listOf([])).serializeBinary();

function listOf(reads: Read[]): ledger.rwset.kvrwset.QueryReads {
  const list = new kvrwset.QueryReads();
  list.setKvReadsList(reads);
  return list;
}
