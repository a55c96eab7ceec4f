import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromHex } from '@holdfast/protocol/bytes.js';
import {
  below,
  coefficient,
  expandChallenge,
  ranksOf,
  sampleSize,
  uidsOf,
} from '@holdfast/protocol/challenge.js';
import { RUNS, seededRandom } from '../support/property.ts';

const seed = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** Chance that c drawn blocks of n miss all the bad ones, as a fraction. */
function missed(n: number, c: number): [bigint, bigint] {
  const bad = Math.ceil(n / 100);
  let [over, under] = [1n, 1n];
  for (let i = 0; i < c; i++) {
    over *= BigInt(n - bad - i);
    under *= BigInt(n - i);
  }
  return [over, under];
}

describe('the size of a sample', () => {
  it.each([
    [0, 0],
    [1, 1],
    [2, 2],
    [100, 99],
    [200, 180],
    [4_096, 434],
    [10_000, 448],
    [1_000_000, 459],
    [4_294_967_295, 459],
  ])('of %i blocks is %i', (blocks, sampled) => {
    expect(sampleSize(blocks)).toBe(sampled);
  });

  it('misses 1 % of damage at most once in a hundred, and one block fewer would not do', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (n) => {
        const c = sampleSize(n);
        const [over, under] = missed(n, c);
        expect(100n * over <= under).toBe(true);
        const [overBefore, underBefore] = missed(n, c - 1);
        expect(100n * overBefore > underBefore).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('an expanded challenge', () => {
  it('has the wanted number of different ranks, ascending, and a coefficient for each', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 500 }), fc.nat(), (bytes, n, drawn) => {
        const c = drawn % (n + 1);
        const { ranks, coefficients } = expandChallenge(bytes, n, c);
        expect(ranks).toHaveLength(c);
        expect(ranks).toEqual([...new Set(ranks)].sort((a, b) => a - b));
        expect(ranks.every((rank) => Number.isInteger(rank) && rank >= 0 && rank < n)).toBe(true);
        expect(coefficients).toHaveLength(c);
        expect(coefficients.every((v) => v > 0n && v < 1n << 128n)).toBe(true);
      }),
      RUNS,
    );
  });
  it('covers the ranks it is given besides, once', () => {
    fc.assert(
      fc.property(seed, fc.uniqueArray(fc.nat({ max: 99 }), { maxLength: 20 }), (bytes, others) => {
        const alone = expandChallenge(bytes, 100, 10).ranks;
        const { ranks, coefficients } = expandChallenge(bytes, 100, 10, others);
        expect(new Set(ranks)).toEqual(new Set([...alone, ...others]));
        expect(ranks).toHaveLength(new Set(ranks).size);
        expect(coefficients).toHaveLength(ranks.length);
      }),
      RUNS,
    );
  });
  it('is another one for another seed', () => {
    const random = seededRandom();
    const [one, other] = [random(32), random(32)].map((s) => expandChallenge(s, 10_000, 10));
    expect(one).not.toEqual(other);
  });
  it('draws every rank equally often', () => {
    const random = seededRandom();
    const counts = Array.from({ length: 20 }, () => 0);
    const draws = 4_000;
    for (let i = 0; i < draws; i++) {
      for (const rank of expandChallenge(random(32), 20, 7).ranks) {
        counts[rank] = (counts[rank] ?? 0) + 1;
      }
    }
    const expected = (draws * 7) / 20;
    const deviation = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // Chi square of 19 degrees, times 1 - 7/20 for drawing without replacement: above 32 once in 10,000.
    expect(deviation).toBeLessThan(32);
  });
});

/** A stream that answers these numbers, in the length asked for, and then no more. */
function streamOf(...numbers: bigint[]): (length: number) => Uint8Array {
  return (length) => {
    const next = numbers.shift();
    if (next === undefined) throw new Error('the stream is at its end');
    return fromHex(next.toString(16).padStart(2 * length, '0'));
  };
}

describe('numbers drawn from a stream', () => {
  it('are drawn anew where they would favour the smaller ranks', () => {
    // 2^48 = 3 * 93,824,992,236,885 + 1: one number is left over.
    const last = 2n ** 48n - 1n;
    expect(below(streamOf(last, 7n), 3)).toBe(1);
    expect(below(streamOf(last - 1n), 3)).toBe(2);
    expect(below(streamOf(last), 4)).toBe(3);
    expect(() => below(streamOf(last), 3)).toThrow('at its end');
    // All from the seventh on are left over: 2^48 is 6 modulo 10.
    for (const over of [last, last - 5n]) expect(below(streamOf(over, 3n), 10)).toBe(3);
    expect(below(streamOf(last - 6n, 3n), 10)).toBe(9);
  });
  it('are weights of 128 bits, never 0', () => {
    expect(coefficient(streamOf(0n, 0n, 5n))).toBe(5n);
    expect(coefficient(streamOf(2n ** 128n - 1n))).toBe(2n ** 128n - 1n);
  });
});

describe('ranks and ids', () => {
  it('are those of a file that was tagged as a whole, from its first id on', () => {
    expect(uidsOf([0, 2, 5], 40, [])).toEqual([40, 42, 45]);
    const blocks = { firstUid: 40, blockCount: 6, dead: [] };
    expect(ranksOf([39, 40, 42, 45, 46], blocks)).toEqual([0, 2, 5]);
  });
  it('skip a dead id at the very beginning and several in a row', () => {
    expect(uidsOf([0, 1, 2], 10, [10, 12, 13])).toEqual([11, 14, 15]);
    const blocks = { firstUid: 10, blockCount: 3, dead: [10, 12, 13] };
    expect(ranksOf([10, 11, 12, 13, 14, 15, 16], blocks)).toEqual([0, 1, 2]);
  });
  it('lead to each other past the dead', () => {
    const dead = fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.nat({ max: 1_000 }), dead, (firstUid, offsets) => {
        const gone = offsets.map((offset) => firstUid + offset).sort((a, b) => a - b);
        const live = Array.from({ length: 100 }, (_, i) => firstUid + i).filter(
          (uid) => !gone.includes(uid),
        );
        const ranks = live.map((_, rank) => rank);
        expect(uidsOf(ranks, firstUid, gone)).toEqual(live);
        const blocks = { firstUid, blockCount: live.length, dead: gone };
        expect(ranksOf(live, blocks)).toEqual(ranks);
        expect(ranksOf([...gone, firstUid - 1, firstUid + 100], blocks)).toEqual([]);
      }),
      RUNS,
    );
  });
});
