import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concat, integer, toInteger } from '@holdfast/protocol/bytes.js';
import {
  add1,
  decodeG1,
  encodeG1,
  multiplyBase,
  multiScalar,
  ready,
  subtract1,
} from '@holdfast/protocol/curve.js';
import { inverse, modulo, toScalar } from '@holdfast/protocol/scalar.js';
import { newIntake } from '@holdfast/protocol/intake.js';
import { pointsOf, rowOf } from '@holdfast/protocol/point-row.js';
import { verifyAnswer } from '@holdfast/protocol/proof.js';
import { combine, prove } from '@holdfast/protocol/prover.js';
import { rhoOf } from '@holdfast/protocol/audit.js';
import type { Random } from '@holdfast/protocol/platform/platform.js';
import { sectorsOf, TAG, type TagSession } from '@holdfast/protocol/tag.js';
import { cofactorPoint } from '../support/cofactor-point.ts';
import { RUNS, seededRandom } from '../support/property.ts';
import { codeOf, refusalOfAsync } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';
import {
  CHANNEL,
  newTagger,
  stored,
  tagFile,
  type TaggedFile,
  type Tagger,
} from '../support/tagged-files.ts';

const BLOCK = 100;
const random = seededRandom();
let owner: Tagger;
let good: TaggedFile;

beforeAll(async () => {
  await ready();
  owner = newTagger(random, BLOCK);
  // The last block is short, as the last one of a file is.
  good = tagFile(random, owner, [random(BLOCK), random(BLOCK), random(BLOCK), random(33)]);
});

interface Upload {
  readonly blocks: readonly Uint8Array[];
  readonly tags: readonly Uint8Array[];
  readonly session: TagSession;
}

async function isTaken(
  upload: Partial<Upload>,
  by = owner,
  weights: Random = random,
): Promise<boolean> {
  const { blocks, tags, session } = { ...good, ...upload };
  const intake = newIntake({ sectors: sectorsOf(BLOCK), random: weights });
  for (const block of blocks) await intake.add(block);
  await intake.addTags(concat(...tags), session);
  return intake.finish(by);
}

const replaced = <T>(row: readonly T[], index: number, value: T): T[] =>
  row.map((item, i) => (i === index ? value : item));
const swapped = <T>(row: readonly T[]): T[] => [
  ...row.slice(1, 2),
  ...row.slice(0, 1),
  ...row.slice(2),
];

describe('an upload', () => {
  it('is taken with the tags of its blocks', async () => {
    expect(await isTaken({})).toBe(true);
  });
  it('is taken whatever its blocks are, tags in pieces', async () => {
    const file = fc.array(fc.uint8Array({ minLength: 1, maxLength: BLOCK }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(file, fc.integer({ min: 1, max: 5 }), async (blocks, piece) => {
        const { tags, session } = tagFile(random, owner, blocks);
        const intake = newIntake({ sectors: sectorsOf(BLOCK), random });
        for (const block of blocks) await intake.add(block);
        for (let i = 0; i < tags.length; i += piece) {
          await intake.addTags(concat(...tags.slice(i, i + piece)), session);
        }
        expect(await intake.finish(owner)).toBe(true);
      }),
      { ...RUNS, numRuns: 8 },
    );
  });
  it('is refused for one flipped bit in any block', async () => {
    for (const [i, block] of good.blocks.entries()) {
      for (const bit of [0, 8 * block.length - 1]) {
        expect(await isTaken({ blocks: replaced(good.blocks, i, flipped(block, bit)) })).toBe(
          false,
        );
      }
    }
  });
  it('is refused with blocks or tags in another order, or tags of another upload', async () => {
    expect(await isTaken({ blocks: swapped(good.blocks) })).toBe(false);
    expect(await isTaken({ tags: swapped(good.tags) })).toBe(false);
    expect(await isTaken({ blocks: swapped(good.blocks), tags: swapped(good.tags) })).toBe(false);
    expect(await isTaken({ tags: tagFile(random, owner, good.blocks).tags })).toBe(false);
  });
  it('is refused under another session or key', async () => {
    const changes: Partial<TagSession>[] = [
      { fileId: random(32) },
      { firstUid: 1 },
      { nonce: random(16) },
      { taggedAt: 0 },
    ];
    for (const change of changes) {
      expect(await isTaken({ session: { ...good.session, ...change } })).toBe(false);
    }
    expect(await isTaken({}, newTagger(random, BLOCK))).toBe(false);
  });
  it('is refused without one tag for each block', async () => {
    expect((await refusalOfAsync(isTaken({ tags: good.tags.slice(1) }))).code).toBe('TAG_INVALID');
    expect((await refusalOfAsync(isTaken({ tags: [...good.tags, random(TAG)] }))).code).toBe(
      'TAG_INVALID',
    );
    const cut = concat(...good.tags).slice(1);
    expect((await refusalOfAsync(isTaken({ tags: [cut] }))).code).toBe('TAG_INVALID');
  });
  it('is refused with a tag that is no point, or the identity', async () => {
    const infinity = integer(0xc0n << 376n, TAG);
    for (const tag of [new Uint8Array(TAG), infinity]) {
      expect((await refusalOfAsync(isTaken({ tags: replaced(good.tags, 1, tag) }))).code).toBe(
        'TAG_INVALID',
      );
    }
  });
  it('is refused with blocks of more sectors than the table has', async () => {
    const short = { ...owner, table: rowOf(pointsOf(owner.table, 0, 2)) };
    expect(await isTaken({}, short)).toBe(false);
  });
});

describe('wrong tags whose errors cancel', () => {
  /** The weights that a seeded provider will draw, and tags off by d / w_0 and -d / w_1. */
  const cancelling = (weights: readonly bigint[]) => {
    const [w0 = 1n, w1 = 1n] = weights;
    const d = toScalar(random(48));
    const [first, second] = good.tags.map((tag) => decodeG1(tag));
    if (first === undefined || second === undefined) throw new Error('two tags');
    return [
      encodeG1(add1(first, multiplyBase(modulo(d * inverse(w0))))),
      encodeG1(subtract1(second, multiplyBase(modulo(d * inverse(w1))))),
      ...good.tags.slice(2),
    ];
  };

  it('pass where the weights are known beforehand, and not where only the provider knows them', async () => {
    const known = seededRandom(1);
    const weights = good.blocks.map(() => toInteger(known(16)));
    const tags = cancelling(weights);
    expect(await isTaken({ tags }, owner, seededRandom(1))).toBe(true);
    expect(await isTaken({ tags }, owner, seededRandom(2))).toBe(false);
  });
});

describe('a tag with a cofactor component', () => {
  const answer = { channel: CHANNEL, epoch: 9, beacon: '77'.repeat(32), providerId: 'Birch' };
  const challenge = {
    seed: new Uint8Array(32),
    uids: [0, 1, 2, 3],
    coefficients: [3n, 5n, 7n, 11n],
  };
  let tags: Uint8Array[];

  beforeAll(() => {
    const [first] = good.tags;
    if (first === undefined) throw new Error('a tag');
    tags = replaced(good.tags, 0, encodeG1(add1(decodeG1(first), cofactorPoint())));
  });

  it('passes the equation of intake', async () => {
    expect(await isTaken({ tags })).toBe(true);
  });
  it('would frame the provider: what it sums up to is no point of G1', () => {
    const points = tags.map((tag) => decodeG1(tag, { anyOrder: true }));
    const unprojected = encodeG1(multiScalar(points, challenge.coefficients));
    expect(codeOf(() => decodeG1(unprojected))).toBe('INPUT_INVALID');
  });
  it('is projected away by the honest prover, in both forms', async () => {
    const { tagKeyId } = owner.tagKey;
    const files = [stored({ blocks: good.blocks, tags }, challenge)];
    const rho = rhoOf({ ...answer, tagKeyId });
    const proof = await prove({ table: owner.table, rho, files });
    const groups = [{ tagKey: owner.tagKey, files: [{ file: good.file, challenge }], proof }];
    expect(verifyAnswer({ ...answer, groups })).toBe(true);
    const { combinedTag } = await combine(files, sectorsOf(BLOCK));
    expect(encodeG1(decodeG1(combinedTag))).toEqual(combinedTag);
  });
});
