/** Jobs on their way between threads, and sums that a pool makes in several rows, here without threads. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { newBlockSums, totalOf } from '@holdfast/protocol/block-sums.js';
import { concat, toInteger } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { leafDigesting } from '@holdfast/protocol/extents.js';
import { perform } from '@holdfast/protocol/jobs.js';
import { newBlockSum, sectorsOf } from '@holdfast/protocol/kernel.js';
import { inline, inOrder, type Pool } from '@holdfast/protocol/pool.js';
import { tableDecoding } from '@holdfast/protocol/tag-key.js';
import { movable, openThreadPool, type Outcome } from '@holdfast/protocol/threads.js';
import { seededRandom } from '../support/property.ts';
import { manyBytes } from '../support/sealing.ts';

const random = seededRandom();
beforeAll(ready);

/** A pool whose threads answer this. */
const poolThat = (run: () => Promise<Outcome>, processors = 8) =>
  openThreadPool(processors, () => ({ run, destroy: async () => undefined }));

describe('a thread', () => {
  it('does the job that it is told by name', async () => {
    const input = manyBytes(100);
    const value = await leafDigesting.work(input as never);
    expect(await perform({ job: 'leafDigesting', input })).toEqual({ value });
  });

  it('answers a refusal in plain values, and fails with everything else', async () => {
    const input = new Uint8Array(48).fill(255);
    expect(await perform({ job: tableDecoding.name, input })).toMatchObject({
      code: 'INPUT_INVALID',
      pointer: undefined,
    });
    await expect(perform({ job: tableDecoding.name, input: undefined })).rejects.toThrow(TypeError);
    await expect(perform({ job: 'toString', input })).rejects.toThrow('bug: no job toString');
  });
});

describe('a pool of threads', () => {
  it('is as wide as the machine, and four at most', () => {
    const answer = async () => ({ value: 1 });
    expect(poolThat(answer, 2).width).toBe(2);
    expect(poolThat(answer).width).toBe(4);
  });

  it.each([undefined, '/tags'])(
    'throws the refusal of a thread, with pointer %s',
    async (pointer) => {
      const pool = poolThat(async () => ({ code: 'TAG_INVALID', detail: 'tag 3', pointer }));
      const refused = pool.run(tableDecoding, new Uint8Array());
      await expect(refused).rejects.toBeInstanceOf(HoldfastError);
      await expect(refused).rejects.toMatchObject({
        code: 'TAG_INVALID',
        detail: 'tag 3',
        pointer,
      });
    },
  );

  it('moves whole buffers only: a view into a larger one stays', () => {
    const [whole, view] = [new Uint8Array(8), new Uint8Array(16).subarray(4, 8)];
    expect(movable([whole, { whole, view, name: 'x', none: null }])).toEqual([whole.buffer]);
  });
});

describe('a weighted sum of blocks', () => {
  const blockLength = 262_144;
  const sectors = sectorsOf(blockLength);
  const bytes = manyBytes(34 * blockLength);
  const blocks = Array.from({ length: 34 }, (_, i) =>
    bytes.subarray(i * blockLength, (i + 1) * blockLength - i),
  );
  const weights = blocks.map(() => random(16));

  /** Runs jobs here, and counts them; a buffer that was given is empty afterwards, as between threads. */
  function movingPool(width: number) {
    let jobs = 0;
    const pool: Pool = {
      width,
      run: async (job, input, given = []) => {
        jobs++;
        const transfer = given.map(({ buffer }) => buffer as ArrayBuffer);
        return job.work(structuredClone(input, { transfer }));
      },
    };
    return { pool, jobs: () => jobs };
  }

  it.each([1, 2, 3])('is the same over %i rows of jobs as in one', async (width) => {
    const single = newBlockSum(sectors);
    const { pool, jobs } = movingPool(width);
    const sums = newBlockSums(sectors, pool);
    for (const [i, block] of blocks.entries()) {
      const weight = weights[i] ?? new Uint8Array();
      single.add(block, toInteger(weight));
      await sums.add(block, weight);
    }
    const rows = await sums.finish();
    expect(rows).toHaveLength(Math.min(width, jobs()));
    expect(totalOf(sectors, rows)).toEqual(single.sums());
    expect(jobs()).toBe(3); // of 4 MiB
  });

  it('of nothing is nothing', async () => {
    const rows = await newBlockSums(4, inline).finish();
    expect(rows).toEqual([]);
    expect(totalOf(4, rows)).toEqual([]);
  });

  it('goes on in columns of its own where those that are given do not fit', () => {
    const sum = newBlockSum(2);
    sum.add(Uint8Array.of(7), 3n);
    const other = new Uint8Array(1);
    const { steps, columns } = sum.save(other);
    expect(columns).not.toBe(other);
    const next = newBlockSum(2);
    next.load({ steps, columns });
    expect(next.sums()).toEqual(sum.sums());
    expect(concat(sum.save(columns).columns)).toEqual(concat(columns));
  });
});

describe('work in order', () => {
  it('comes in the order of its items, whichever ends first, and a failure in its place', async () => {
    const ends = new Map<number, () => void>();
    const work = (item: number) =>
      new Promise<number>((resolve, reject) =>
        ends.set(item, () => (item === 3 ? reject(new Error('three')) : resolve(item))),
      );
    const out = inOrder([1, 2, 3], 2, work);
    const first = out.next();
    await new Promise(setImmediate);
    ends.get(3)?.();
    ends.get(2)?.();
    ends.get(1)?.();
    expect(await first).toEqual({ done: false, value: 1 });
    expect(await out.next()).toEqual({ done: false, value: 2 });
    await expect(out.next()).rejects.toThrow('three');
  });
});
