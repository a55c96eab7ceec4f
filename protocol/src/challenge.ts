/**
 * How many blocks a challenge must touch, and which.
 *
 * Sampling without replacement, after Ateniese et al. 2007 section 4.2 and paper 004 section 6.2.
 *
 * @module
 */
import { byteStream } from './hash.ts';
import { toInteger } from './bytes.ts';

/**
 * Smallest sample that meets damage of 1 % of the blocks (rounded up) with probability at least 99 %.
 *
 * Of n blocks b are bad; c drawn ones miss them all with probability prod_{i<c} (n-b-i) / (n-i). Counted in whole
 * numbers, so that every endorser comes to the same c.
 *
 * Deviation: the papers say 460 for 1 % and 99 %; they draw with replacement, (1 - 0.01)^c. Exact it is 448 of 10,000.
 *
 * @param blockCount - n, from 0.
 */
export function sampleSize(blockCount: number): number {
  const damaged = Math.ceil(blockCount / 100);
  let missed = 1n;
  let all = 1n;
  let sampled = 0;
  // For n > 0 the loop ends: once only bad blocks are left, `missed` is 0.
  while (100n * missed > all && sampled < blockCount) {
    missed *= BigInt(blockCount - damaged - sampled);
    all *= BigInt(blockCount - sampled);
    sampled++;
  }
  return sampled;
}

/** Which ranks are sampled and with what weights they enter the proof. */
export interface Expansion {
  /** Ascending, from 0; position of a block among the live ones by id. */
  readonly ranks: readonly number[];
  /** One of 128 bits for each rank, never 0. */
  readonly coefficients: readonly bigint[];
}

/**
 * Expands a seed: c ranks of n by Floyd's method (Bentley and Floyd 1987), joined with `others`, then a coefficient for
 * each in ascending order, all from the stream of the seed.
 *
 * @param others - ranks to be covered whatever is drawn: blocks conceded before.
 */
export function expandChallenge(
  seed: Uint8Array,
  blockCount: number,
  sampled: number,
  others: readonly number[] = [],
): Expansion {
  const take = byteStream(seed);
  const drawn = new Set<number>();
  for (let last = blockCount - sampled; last < blockCount; last++) {
    const rank = below(take, last + 1);
    drawn.add(drawn.has(rank) ? last : rank);
  }
  const ranks = [...new Set([...drawn, ...others])].sort((a, b) => a - b);
  return { ranks, coefficients: ranks.map(() => coefficient(take)) };
}

const RANGE = 2 ** 48;

/** Uniform from 0 to bound - 1: 48 bits at a time, redrawn where they would favour some. */
export function below(take: (length: number) => Uint8Array, bound: number): number {
  const limit = RANGE - (RANGE % bound);
  for (;;) {
    const value = Number(toInteger(take(6)));
    if (value < limit) return value % bound;
  }
}

/** A weight of 128 bits, never 0. */
export function coefficient(take: (length: number) => Uint8Array): bigint {
  for (;;) {
    const value = toInteger(take(16));
    if (value !== 0n) return value;
  }
}

/**
 * Ids of the live blocks with the given ranks.
 *
 * @param ranks - ascending.
 * @param firstUid - the lowest id since all blocks were tagged last.
 * @param dead - ids from `firstUid` on that edits have replaced or deleted, ascending.
 */
export function uidsOf(
  ranks: readonly number[],
  firstUid: number,
  dead: readonly number[],
): number[] {
  let passed = 0;
  return ranks.map((rank) => {
    while ((dead[passed] ?? Infinity) <= firstUid + rank + passed) passed++;
    return firstUid + rank + passed;
  });
}

/** Ranks of those `uids` that are live: the inverse of {@link uidsOf}. */
export function ranksOf(
  uids: readonly number[],
  { firstUid, blockCount, dead }: LiveBlocks,
): number[] {
  const isDead = new Set(dead);
  return uids
    .filter((uid) => uid >= firstUid && !isDead.has(uid))
    .map((uid) => uid - firstUid - dead.filter((other) => other < uid).length)
    .filter((rank) => rank < blockCount);
}

/** Which ids are live: all from `firstUid` on but the dead, `blockCount` of them. */
export interface LiveBlocks {
  readonly firstUid: number;
  readonly blockCount: number;
  readonly dead: readonly number[];
}
