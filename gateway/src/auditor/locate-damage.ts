/**
 * Where the damage lies: challenged blocks are fetched from the node and digested (paper 003, Location_error_data).
 *
 * Deviation: paper 003 halves the challenge and audits again; the bytes themselves tell at once and cannot lie.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { challengeOf } from '@holdfast/protocol/audit.js';
import { equalBytes } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { decodeLeaves, type Leaf } from '@holdfast/protocol/leaf-list.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { falseAnswer } from '../between/answers.ts';
import type { Provider } from '../roles.ts';
import { wholePart } from '../whole-part.ts';

export interface DamageQuestion {
  readonly channel: string;
  readonly state: FileState;
  readonly epoch: number;
  /** B_e, hex. */
  readonly beacon: string;
  readonly node: string;
  readonly provider: Provider;
}

/** (Delegate, Agent) Challenged blocks that the node has not as they were stored; undefined where it does not answer. */
export async function locateDamage(
  { channel, state, epoch, beacon, node, provider }: DamageQuestion,
  signal: AbortSignal,
): Promise<number[] | undefined> {
  const { file, due, ask } = state;
  const { uids } = challengeOf({ channel, epoch, beacon, file, due, ask });
  return damagedAmong(uids, { file, node, provider }, signal);
}

/**
 * Those of `uids` that are damaged on the node, ascending; undefined where it does not answer.
 *
 * What they should be is the provider's word, for the salt that would bind the leaves to the root is not told here: whoever
 * lies in it hides damage from this look, not from an audit.
 *
 * @throws `ANSWER_FALSE` where it has no leaf of a block.
 */
export async function damagedAmong(
  uids: readonly number[],
  { file, node, provider }: { file: FileRecord; node: string; provider: Provider },
  signal: AbortSignal,
): Promise<number[] | undefined> {
  const damaged: number[] = [];
  try {
    const leaves = await leavesOf(provider, file);
    for (const uid of uids) {
      signal.throwIfAborted();
      const leaf = leaves.get(uid);
      if (leaf === undefined) {
        throw falseAnswer(`provider ${provider.providerId}`, `no leaf of block ${uid}`);
      }
      const bytes = await provider.block(file.fileId, uid, node);
      if (bytes === undefined || !isWhole(bytes, leaf)) damaged.push(uid);
    }
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'STORAGE_UNREACHABLE') return undefined;
    throw error;
  }
  return damaged;
}

const isWhole = (bytes: Uint8Array, { length, digest }: Leaf): boolean =>
  bytes.length === length && equalBytes(createHash('sha256').update(bytes).digest(), digest);

/** The file's leaves by block id. */
export async function leavesOf(
  provider: Provider,
  file: FileRecord,
): Promise<ReadonlyMap<number, Leaf>> {
  const leaves = decodeLeaves(await wholePart(provider, file, 'leaves'));
  return new Map(leaves.map((leaf) => [leaf.uid, leaf]));
}
