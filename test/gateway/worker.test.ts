/** Jobs in threads do what they do inline, and their refusals come back as refusals. Needs the build: threads load no TypeScript. */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { concat, hex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { newIntake } from '@holdfast/protocol/intake.js';
import { perform } from '@holdfast/protocol/jobs.js';
import { inline, inOrder, type Pool } from '@holdfast/protocol/pool.js';
import { leafDigesting } from '@holdfast/protocol/extents.js';
import { sealFile, type SealedFile } from '@holdfast/protocol/pipeline.js';
import { finishAllTags, finishTags, sectorsOf, TAG } from '@holdfast/protocol/tag.js';
import { tableDecoding } from '@holdfast/protocol/tag-key.js';
import {
  movable,
  openThreadPool,
  type Order,
  type ThreadPool,
} from '@holdfast/protocol/threads.js';
import { Piscina } from 'piscina';
import { seededRandom } from '../support/property.ts';
import { refusalOfAsync } from '../support/refusal.ts';
import { inChunks, manyBytes, sealContext } from '../support/sealing.ts';
import { flipped } from '../support/tamper.ts';
import { newTagger, tagFile } from '../support/tagged-files.ts';

const random = seededRandom();
const worker = new URL('../../gateway/dist/worker.js', import.meta.url).href;
let threads: ThreadPool;

beforeAll(async () => {
  await ready();
  threads = openThreadPool(
    availableParallelism(),
    (kept) => new Piscina({ ...kept, filename: worker }),
  );
});
afterAll(() => threads.close());

async function sealedBy(pool: Pool, bytes: Uint8Array) {
  const context = await sealContext({ pool, random: seededRandom(9) });
  const digest = createHash('sha256');
  const sealing = sealFile({ size: bytes.length, source: inChunks(bytes) }, context);
  for (;;) {
    const step = await sealing.next();
    if (step.done === true) return { content: digest.digest('hex'), file: step.value };
    digest.update(step.value.ciphertext);
  }
}

const factsOf = ({ sums, blocks, ...file }: SealedFile) => ({
  sums: sums.map(hex),
  digests: blocks.map(({ digest }) => hex(digest)),
  nonce: hex(file.nonce),
  cid: file.cid.toString(),
});

describe('a pool of threads', () => {
  it('seals a file into the very bytes that are sealed inline', async () => {
    const bytes = manyBytes(9 * 2 ** 20 + 17);
    const [here, there] = [await sealedBy(inline, bytes), await sealedBy(threads, bytes)];
    expect(there.content).toBe(here.content);
    expect(factsOf(there.file)).toEqual(factsOf(here.file));
  });

  it('finishes the very tags', async () => {
    const sums = Array.from({ length: 130 }, () => concat(new Uint8Array(1), random(31)));
    const session = { fileId: random(32), firstUid: 5, nonce: random(16), taggedAt: 1 };
    const { key } = newTagger(random, 31);
    const tags = await finishAllTags(sums, session, key, threads);
    expect(hex(tags)).toBe(hex(finishTags(sums, session, key)));
  });

  it('takes honest uploads in, and no other', async () => {
    const size = 310;
    const owner = newTagger(random, size);
    const { blocks, tags, session } = tagFile(
      random,
      owner,
      Array.from({ length: 200 }, () => random(size)),
    );
    const isTaken = async (changed: readonly Uint8Array[]) => {
      const intake = newIntake({ sectors: sectorsOf(size), random, pool: threads });
      for (const block of changed) await intake.add(block);
      await intake.addTags(concat(...tags), session);
      return intake.finish(owner);
    };
    expect(await isTaken(blocks)).toBe(true);
    const [first = random(size), ...rest] = blocks;
    expect(await isTaken([flipped(first, 9), ...rest])).toBe(false);
    const wrong = newIntake({ sectors: sectorsOf(size), random, pool: threads });
    await wrong.add(first);
    const refusal = await refusalOfAsync(wrong.addTags(new Uint8Array(TAG), session));
    expect([refusal.code, refusal.detail]).toEqual([
      'TAG_INVALID',
      'tag 0 is no point of the curve',
    ]);
  });

  it('passes on a refusal with its code, and a failure as a failure', async () => {
    const refusal = await refusalOfAsync(threads.run(tableDecoding, new Uint8Array(48)));
    expect(refusal.code).toBe('INPUT_INVALID');
    const unknown = { name: 'no such job', work: (): number => 1 };
    await expect(threads.run(unknown, 1)).rejects.toThrow('bug: no job');
  });

  it('moves whole buffers that are handed over, and copies views of others', async () => {
    const whole = random(1000);
    const view = random(1000).subarray(1);
    await threads.run(leafDigesting, whole, [whole]);
    expect(whole).toHaveLength(0);
    const { bytes } = await threads.run(leafDigesting, view, [view]);
    expect(view).toHaveLength(999);
    expect(bytes).toEqual(view);
    expect(movable([view, { inner: [whole.buffer, view] }])).toEqual([]);
  });
});

describe('outcomes in order', () => {
  it('come as their items did, at most the width and one begun at once', async () => {
    let [running, most] = [0, 0];
    const waiting: (() => void)[] = [];
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++running);
      if (item % 2 === 0) await new Promise<void>((done) => waiting.push(done));
      else waiting.shift()?.();
      running--;
      return item;
    };
    const seen: number[] = [];
    for await (const item of inOrder([0, 1, 2, 3, 4, 5], 1, work)) seen.push(item);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('end with the failure in its place, and close the source', async () => {
    let isClosed = false;
    async function* items(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        isClosed = true;
      }
    }
    const work = (item: number) =>
      item === 2 ? Promise.reject(new Error('two')) : Promise.resolve(item);
    const seen: number[] = [];
    const all = async () => {
      for await (const item of inOrder(items(), 3, work)) seen.push(item);
    };
    await expect(all()).rejects.toThrow('two');
    expect(seen).toEqual([0, 1]);
    expect(isClosed).toBe(true);
  });
});

describe('an order from another thread', () => {
  it('is performed over any channel that keeps values', async () => {
    const orders: string[] = [];
    const run = async (order: Order) => {
      orders.push(order.job);
      return structuredClone(await perform(structuredClone(order)));
    };
    const channel = openThreadPool(1, () => ({ run, destroy: async () => undefined }));
    const { leaves } = await channel.run(leafDigesting, Uint8Array.of(7));
    expect(leaves.map(hex)).toEqual([
      createHash('sha256').update(Uint8Array.of(0, 7)).digest('hex'),
    ]);
    expect(orders).toEqual(['leafDigesting']);
  });
});
