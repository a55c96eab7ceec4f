/**
 * Weighted sums of blocks and of their tags: what proofs and intake have in common, cut into jobs of some blocks each.
 *
 * @module
 */
import { concatAll, toInteger } from './bytes.ts';
import { decodeG1, type G1 } from './curve.ts';
import { ORDER } from './scalar.ts';
import { HoldfastError } from './errors.ts';
import { newBlockSum, type BlockSum, type BlockSumState } from './kernel.ts';
import type { Job, Pool } from './pool.ts';

/** Bytes of a weight. */
export const WEIGHT = 16;

interface WeightedBlocks {
  /** Of the longest block of all. */
  readonly sectors: number;
  readonly before: BlockSumState | undefined;
  /** Blocks one after the other, then what they leave free. */
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
  /** 16 bytes a block. */
  readonly weights: Uint8Array;
}

/** The buffer comes back to be filled again: each new one would wait for a collector in the thread that saw it last. */
interface AddedBlocks {
  readonly state: BlockSumState;
  readonly bytes: Uint8Array;
}

/** The kernel of the last size asked for: making one costs more than a block. */
let last: { readonly sectors: number; readonly sum: BlockSum } | undefined;

/** Goes on with a sum, 0.2 ms a block of 256 KiB. */
export const blockAddition: Job<WeightedBlocks, AddedBlocks> = {
  name: 'blockAddition',
  work({ sectors, before, bytes, lengths, weights }) {
    if (last?.sectors !== sectors) last = { sectors, sum: newBlockSum(sectors) };
    const { sum } = last;
    sum.load(before);
    let offset = 0;
    for (const [i, length] of lengths.entries()) {
      sum.add(bytes.subarray(offset, offset + length), weightAt(weights, i));
      offset += length;
    }
    return { state: sum.save(before?.columns), bytes };
  },
};

export const weightAt = (weights: Uint8Array, index: number): bigint =>
  toInteger(weights.subarray(WEIGHT * index, WEIGHT * (index + 1)));

/** mu_j modulo r of several sums together, without the zeros at the end. */
export function totalOf(sectors: number, states: readonly BlockSumState[]): bigint[] {
  const sum = newBlockSum(sectors);
  let total: bigint[] = [];
  for (const state of states) {
    sum.load(state);
    const more = sum.sums();
    const [longer, shorter] = more.length > total.length ? [more, total] : [total, more];
    total = longer.map((value, j) => (value + (shorter[j] ?? 0n)) % ORDER);
  }
  return total.slice(0, total.findLastIndex((value) => value !== 0n) + 1);
}

/** {@link totalOf} as a job, 40 ms for 8,457 sectors. */
export const blockTotal: Job<
  { readonly sectors: number; readonly states: readonly BlockSumState[] },
  readonly bigint[]
> = {
  name: 'blockTotal',
  work: ({ sectors, states }) => totalOf(sectors, states),
};

/** Blocks of this many bytes make one job; each is shorter. */
const JOB_BYTES = 4 * 1_048_576;

/** A weighted sum of blocks that a pool makes, as many rows of jobs side by side as it is wide. */
export interface BlockSums {
  /** Takes a copy of a block; resolves when there is room for more. */
  add(block: Uint8Array, weight: Uint8Array): Promise<void>;
  /** The sums of all rows. */
  finish(): Promise<readonly BlockSumState[]>;
}

/** (Provider) @param sectors - of the longest block. */
export function newBlockSums(sectors: number, pool: Pool): BlockSums {
  /** What each row's last job comes to, the row that began first in front. */
  const rows: Promise<AddedBlocks>[] = [];
  let row: { readonly bytes: Uint8Array; readonly before?: BlockSumState } | undefined;
  let [lengths, weights, held]: [number[], Uint8Array[], number] = [[], [], 0];

  /** A row that is free, or as soon as one is. */
  async function freeRow() {
    const oldest = rows.length < pool.width ? undefined : await rows.shift();
    return oldest === undefined
      ? { bytes: new Uint8Array(JOB_BYTES) }
      : { bytes: oldest.bytes, before: oldest.state };
  }

  function dispatch({ bytes, before }: NonNullable<typeof row>): void {
    const given = before === undefined ? [bytes] : [bytes, before.columns];
    const blocks = { sectors, before, bytes, lengths, weights: concatAll(weights) };
    const next = pool.run(blockAddition, blocks, given);
    next.catch(() => undefined); // whoever takes up the row awaits it, or the end
    rows.push(next);
    [row, lengths, weights, held] = [undefined, [], [], 0];
  }

  return {
    async add(block, weight) {
      if (row !== undefined && held + block.length > row.bytes.length) dispatch(row);
      row ??= await freeRow();
      row.bytes.set(block, held);
      held += block.length;
      lengths.push(block.length);
      weights.push(weight);
    },
    async finish() {
      if (row !== undefined) dispatch(row);
      return (await Promise.all(rows)).map(({ state }) => state);
    },
  };
}

/** A tag, which may have a cofactor component. @param name - of the tag, for the refusal. @throws `TAG_INVALID`. */
export function decodeTag(tag: Uint8Array, name: string): G1 {
  try {
    return decodeG1(tag, { anyOrder: true });
  } catch (cause) {
    if (!(cause instanceof HoldfastError)) throw cause;
    throw new HoldfastError('TAG_INVALID', `${name} is no point of the curve`, { cause });
  }
}
