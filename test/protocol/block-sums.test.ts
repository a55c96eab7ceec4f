/** Sums of blocks in jobs: the same sum however it is cut, and no more buffers than rows. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  blockAddition,
  decodeTag,
  newBlockSums,
  totalOf,
  weightAt,
} from '@holdfast/protocol/block-sums.js';
import { concat, integer } from '@holdfast/protocol/bytes.js';
import { add1, encodeG1, multiplyBase, ready } from '@holdfast/protocol/curve.js';
import { type BlockSumState, newBlockSum, sectorsOf } from '@holdfast/protocol/kernel.js';
import type { Job, Pool } from '@holdfast/protocol/pool.js';
import { ORDER } from '@holdfast/protocol/scalar.js';
import { cofactorPoint } from '../support/cofactor-point.ts';
import { seededRandom } from '../support/property.ts';
import { refusalOf } from '../support/refusal.ts';

const BLOCK = 262_144;
/** Blocks that fill a job to the byte. */
const FULL = 16;
const SECTORS = sectorsOf(BLOCK);
const random = seededRandom();
const bytes = random(BLOCK + 64);
/** Of as many bytes, each another one. */
const blocks = Array.from({ length: 2 * FULL + 5 }, (_, i) => bytes.subarray(i, i + BLOCK));
const weights = blocks.map(() => random(16));

beforeAll(ready);

interface Ran {
  readonly lengths: readonly number[];
  readonly before: BlockSumState | undefined;
  readonly bytes: Uint8Array;
  readonly given: readonly Uint8Array[];
  readonly left: unknown;
}

/** Runs jobs here, and tells of each what it was given. */
function watchedPool(width: number): { readonly pool: Pool; readonly ran: Ran[] } {
  const ran: Ran[] = [];
  const run = async <I, O>(job: Job<I, O>, input: I, given: readonly Uint8Array[] = []) => {
    const { lengths, before, bytes: buffer } = input as unknown as Ran;
    const at = ran.push({ lengths, before, bytes: buffer, given, left: undefined }) - 1;
    const left = await job.work(input);
    ran[at] = { lengths, before, bytes: buffer, given, left };
    return left;
  };
  return { pool: { width, run }, ran };
}

async function sumIn(pool: Pool, chosen: readonly Uint8Array[]) {
  const sums = newBlockSums(SECTORS, pool);
  for (const [i, block] of chosen.entries()) await sums.add(block, weights[i] ?? random(16));
  return sums.finish();
}

function plainSum(chosen: readonly Uint8Array[]): bigint[] {
  const sum = newBlockSum(SECTORS);
  for (const [i, block] of chosen.entries()) sum.add(block, weightAt(concat(...weights), i));
  return sum.sums();
}

describe('a sum of many blocks', () => {
  it.each([1, 2, 3])('is the same in %i rows, each with one buffer', async (width) => {
    const { pool, ran } = watchedPool(width);
    const states = await sumIn(pool, blocks);
    expect(totalOf(SECTORS, states)).toEqual(plainSum(blocks));
    expect(ran.map(({ lengths }) => lengths.length)).toEqual([FULL, FULL, 5]);
    expect(states).toHaveLength(width);
    expect(new Set(ran.map((job) => job.bytes)).size).toBe(width);
    for (const [i, job] of ran.entries()) {
      const earlier = ran[i - width]?.left as { state: BlockSumState } | undefined;
      expect(job.before).toBe(earlier?.state);
      expect(job.given).toEqual(earlier ? [job.bytes, earlier.state.columns] : [job.bytes]);
    }
  });

  it('takes short blocks between long ones, and none at all', async () => {
    const mixed = blocks.slice(0, 6).map((block, i) => block.subarray(0, i % 2 ? BLOCK : 31 * i));
    const { pool, ran } = watchedPool(2);
    expect(totalOf(SECTORS, await sumIn(pool, mixed))).toEqual(plainSum(mixed));
    expect(ran.map(({ lengths }) => lengths)).toEqual([mixed.map(({ length }) => length)]);
    expect(await sumIn(pool, [])).toEqual([]);
    expect(totalOf(SECTORS, [])).toEqual([]);
  });

  it('fails as its job does, when the row is taken up or in the end, and not behind anybody’s back', async () => {
    const behind: unknown[] = [];
    const note = (reason: unknown) => behind.push(reason);
    process.on('unhandledRejection', note);
    const pool: Pool = { width: 1, run: () => Promise.reject(new Error('no memory')) };
    const sums = newBlockSums(SECTORS, pool);
    for (const block of blocks.slice(0, FULL)) await sums.add(block, random(16));
    const next = sums.add(bytes.subarray(0, BLOCK), random(16));
    await expect(next).rejects.toThrow('no memory');
    const other = newBlockSums(SECTORS, pool);
    await other.add(bytes.subarray(0, BLOCK), random(16));
    const end = other.finish();
    await expect(end).rejects.toThrow('no memory');
    const wide = newBlockSums(SECTORS, { ...pool, width: 2 });
    for (const block of blocks.slice(0, FULL + 1)) await wide.add(block, random(16));
    await new Promise(setImmediate);
    process.off('unhandledRejection', note);
    expect(behind).toEqual([]);
  });
});

describe('a job of additions', () => {
  it('goes on with sums of any size, one after the other', async () => {
    const added = async (sectors: number, block: Uint8Array) => {
      const { state } = await blockAddition.work({
        sectors,
        before: undefined,
        bytes: block,
        lengths: [block.length],
        weights: integer(3n, 16),
      });
      return totalOf(sectors, [state]);
    };
    const [short, long] = [Uint8Array.of(1), new Uint8Array(62).fill(1)];
    const first = 3n * (1n << 240n);
    for (let turn = 0; turn < 2; turn++) {
      expect(await added(1, short)).toEqual([first]);
      expect(await added(2, long)).toHaveLength(2);
    }
  });
});

describe('the total of several sums', () => {
  /** One sector after the other with their weights. */
  const stateOf = (...sectors: readonly (readonly [value: bigint, weight: bigint])[]) => {
    const sum = newBlockSum(sectors.length + 1);
    for (const [i, [value, weight]] of sectors.entries()) {
      sum.add(concat(new Uint8Array(31 * i), integer(value, 31)), weight);
    }
    return sum.save();
  };
  // r = q * most + rest, so that q weighed with most and rest weighed with 1 are 0 together.
  const most = (1n << 128n) - 1n;
  const [q, rest] = [ORDER / most, ORDER % most];

  it('is taken modulo r, without the zeros at its end', () => {
    const long = stateOf([5n, 1n], [q, most]);
    const end = stateOf([7n, 1n], [rest, 1n]);
    const short = stateOf([1n, 1n], [0n, 1n]);
    expect(totalOf(3, [long])).toEqual([5n, ORDER - rest]);
    for (const states of [
      [long, short],
      [short, long],
    ]) {
      expect(totalOf(3, states)).toEqual([6n, ORDER - rest]);
    }
    expect(totalOf(3, [long, end])).toEqual([12n]);
    expect(totalOf(3, [long, end, short])).toEqual([13n]);
  });
});

describe('a stored tag', () => {
  it('may have a cofactor component, and is otherwise a point, or its name is told', () => {
    const tag = encodeG1(add1(multiplyBase(5n), cofactorPoint()));
    expect(encodeG1(decodeTag(tag, 'tag 9'))).toEqual(tag);
    const refused = refusalOf(() => decodeTag(tag.subarray(1), 'tag 9'));
    expect(refused).toMatchObject({
      code: 'TAG_INVALID',
      detail: 'tag 9 is no point of the curve',
    });
    expect(refused.cause).toMatchObject({ code: 'INPUT_INVALID' });
  });
});
