/**
 * Multi-version concurrency control: whether what a transaction read is still so.
 *
 * @module
 */
import { ledger } from '@hyperledger/fabric-protos';
import { ValidationCode } from './codes.ts';
import type { BlockUpdates } from './block-updates.ts';
import {
  isSameResult,
  newRead,
  RangeDigest,
  type RangeQueryInfo,
  type Read,
} from './range-digest.ts';
import type { StateReader } from './state-view.ts';
import { isSameVersion, type Version } from './store-keys.ts';

const { kvrwset } = ledger.rwset;

/** The state a transaction is judged against: committed blocks, then the valid transactions before it in its block. */
export interface Base {
  readonly view: StateReader;
  readonly updates: BlockUpdates;
}

/** VALID, MVCC_READ_CONFLICT or PHANTOM_READ_CONFLICT. */
export async function readConflict(
  set: ledger.rwset.TxReadWriteSet,
  base: Base,
): Promise<ValidationCode> {
  for (const one of set.getNsRwsetList()) {
    const namespace = one.getNamespace();
    const reads = kvrwset.KVRWSet.deserializeBinary(one.getRwset_asU8());
    for (const read of reads.getReadsList()) {
      if (!isFresh(namespace, read, base)) return ValidationCode.MVCC_READ_CONFLICT;
    }
    for (const query of reads.getRangeQueriesInfoList()) {
      if (!(await isSameRange(namespace, query, base))) return ValidationCode.PHANTOM_READ_CONFLICT;
    }
  }
  return ValidationCode.VALID;
}

/** A write earlier in the block conflicts whatever it wrote. */
function isFresh(namespace: string, read: Read, { view, updates }: Base): boolean {
  if (updates.has(namespace, read.getKey())) return false;
  return isSameVersion(view.get(namespace, read.getKey())?.version, versionOf(read));
}

function versionOf(read: Read): Version | undefined {
  const version = read.getVersion();
  if (version === undefined) return undefined;
  return { block: version.getBlockNum(), index: version.getTxNum() };
}

/** Asks the query again and compares. */
async function isSameRange(
  namespace: string,
  query: RangeQueryInfo,
  { view, updates }: Base,
): Promise<boolean> {
  const degree = query.getReadsMerkleHashes()?.getMaxDegree() ?? 0;
  const digest = new RangeDigest(degree > 0 ? degree : Number.MAX_SAFE_INTEGER);
  const end = query.getEndKey();
  for await (const { key, state } of updates.range(view, namespace, query.getStartKey(), end)) {
    digest.add(newRead(key, state.version));
  }
  // a query that was not exhausted ends with the last key it handed out
  const last = query.getItrExhausted() ? undefined : updates.get(view, namespace, end);
  if (last !== undefined) digest.add(newRead(end, last.version));
  const now = new kvrwset.RangeQueryInfo();
  digest.finish(now);
  return isSameResult(query, now);
}
