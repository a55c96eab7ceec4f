/** Challenges at once against a node that keeps, loses, changes or hides what it was given. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { concat } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { encodeLeaf } from '@holdfast/protocol/leaf-list.js';
import { inline } from '@holdfast/protocol/pool.js';
import { combine } from '@holdfast/protocol/prover.js';
import { challengeNow } from '../../gateway/src/auditor/challenge-now.ts';
import { damagedAmong } from '../../gateway/src/auditor/locate-damage.ts';
import type { Provider } from '../../gateway/src/roles.ts';
import { sha256 } from '../../gateway/src/storage/block-cid.ts';
import { seededRandom } from '../support/property.ts';
import {
  newTagger,
  stored,
  tagFile,
  type TaggedFile,
  type Tagger,
} from '../support/tagged-files.ts';
import { flipped } from '../support/tamper.ts';

const BLOCK = 124;
const COUNT = 6;
const random = seededRandom();
const { signal } = new AbortController();

let tagger: Tagger;
let tagged: TaggedFile;
beforeAll(async () => {
  await ready();
  tagger = newTagger(random, BLOCK);
  tagged = tagFile(
    random,
    tagger,
    Array.from({ length: COUNT }, () => random(BLOCK)),
  );
});

/** A provider whose node gives `blocks`; undefined ones are lost, an error is thrown. */
function providerOf(blocks: readonly (Uint8Array | undefined)[], failure?: Error): Provider {
  const { tags } = tagged;
  const leaves = concat(
    ...tagged.blocks.map((bytes, uid) => encodeLeaf({ uid, length: BLOCK, digest: sha256(bytes) })),
  );
  async function* leafBytes() {
    yield leaves;
  }
  return {
    async block(_fileId, uid) {
      if (failure !== undefined) throw failure;
      return blocks[uid];
    },
    async combine(_fileId, _node, challenge) {
      if (failure !== undefined) throw failure;
      const held = blocks.map((block) => block ?? new Uint8Array());
      if (challenge.uids.some((uid) => blocks[uid] === undefined)) return undefined;
      const source = stored({ blocks: held, tags }, challenge as never);
      return combine([source], tagger.tagKey.sectorsMax, inline);
    },
    read: async () => ({ size: leaves.length, bytes: leafBytes() }),
  } as Partial<Provider> as Provider;
}

function challenge(provider: Provider, blocks?: number | 'all') {
  const { tagKey, table } = tagger;
  const { file } = tagged;
  const question = { file, tagKey, table, node: 'birch-1', blocks, provider, pool: inline };
  let now = 0;
  return challengeNow(question, () => (now += 7), signal);
}
const changed = (uid: number, change: (block: Uint8Array) => Uint8Array | undefined) =>
  tagged.blocks.map((block, i) => (i === uid ? change(block) : block));

describe('a challenge at once', () => {
  it('is intact where equation (5) holds over what the node has', async () => {
    expect(await challenge(providerOf(tagged.blocks))).toEqual({
      node: 'birch-1',
      sampled: COUNT,
      verdict: 'intact',
      durationMs: 7,
      damagedUids: [],
    });
  });

  it('samples as many blocks as are wanted, at most those that there are', async () => {
    const whole = providerOf(tagged.blocks);
    expect((await challenge(whole, 2)).sampled).toBe(2);
    expect((await challenge(whole, 600)).sampled).toBe(COUNT);
    expect((await challenge(whole, 'all')).sampled).toBe(COUNT);
  });

  it.each<[string, (block: Uint8Array) => Uint8Array | undefined]>([
    ['a flipped bit', (block) => flipped(block, 3)],
    ['a block that is cut short', (block) => block.slice(0, -1)],
    ['a lost block', () => undefined],
  ])('names the block of %s', async (_, change) => {
    const found = await challenge(providerOf(changed(4, change)), 'all');
    expect(found).toMatchObject({ verdict: 'damaged', damagedUids: [4] });
  });

  it('is unanswered, and accuses no block, where the node does not answer', async () => {
    const down = new HoldfastError('STORAGE_UNREACHABLE', 'birch-1 does not answer');
    expect(await challenge(providerOf([], down))).toMatchObject({
      verdict: 'unanswered',
      damagedUids: [],
    });
  });

  it('is no verdict where the fault is ours', async () => {
    await expect(challenge(providerOf([], new Error('bug')))).rejects.toThrow('bug');
  });
});

describe('locating damage', () => {
  it('is not taken for damage where it fails otherwise, nor goes on when nobody waits', async () => {
    const question = { file: tagged.file, node: 'birch-1' };
    const broken = { ...question, provider: providerOf([], new Error('bug')) };
    await expect(damagedAmong([0], broken, signal)).rejects.toThrow('bug');
    const whole = { ...question, provider: providerOf(tagged.blocks) };
    const ended = AbortSignal.abort(new Error('nobody waits'));
    await expect(damagedAmong([0], whole, ended)).rejects.toThrow('nobody waits');
    expect(await damagedAmong([0, 5], whole, signal)).toEqual([]);
  });

  it('believes no provider that leaves a block out, or goes on without end', async () => {
    const question = { file: tagged.file, node: 'birch-1' };
    const leaving = (bytes: () => AsyncIterable<Uint8Array>): Provider => ({
      ...providerOf(tagged.blocks),
      providerId: 'Birch',
      read: async () => ({ size: 44, bytes: bytes() }),
    });
    async function* none(): AsyncGenerator<Uint8Array> {
      yield* [];
    }
    const short = { ...question, provider: leaving(none) };
    await expect(damagedAmong([1], short, signal)).rejects.toMatchObject({
      code: 'ANSWER_FALSE',
      detail: 'provider Birch answered no leaf of block 1',
    });
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield new Uint8Array(44);
    }
    const long = { ...question, provider: leaving(endless) };
    await expect(damagedAmong([1], long, signal)).rejects.toMatchObject({
      code: 'ANSWER_FALSE',
      detail: expect.stringMatching(/^provider Birch answered more than \d+ bytes$/),
    });
  });

  it('accuses nobody where not even the leaves come', async () => {
    const away = new HoldfastError('STORAGE_UNREACHABLE', 'provider Birch does not answer');
    const provider = { ...providerOf(tagged.blocks), read: () => Promise.reject(away) };
    const question = { file: tagged.file, node: 'birch-1', provider };
    expect(await damagedAmong([1], question, signal)).toBeUndefined();
  });
});
