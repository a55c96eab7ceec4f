import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as privy from 'shamir-secret-sharing';
import { invert, multiply } from '@holdfast/protocol/binary-field.js';
import { concat, hex } from '@holdfast/protocol/bytes.js';
import { combine, split, type PointShare } from '@holdfast/protocol/ramp.js';
import { RUNS, seededRandom } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';

const random = seededRandom();
const coins = (_piece: number, length: number) => random(length);
const bytes = Array.from({ length: 256 }, (_, byte) => byte);

/** All (n, k, r) the scheme allows. */
const parameters = fc
  .tuple(fc.integer({ min: 1, max: 16 }), fc.nat(), fc.nat())
  .map(([shareCount, a, b]) => {
    const threshold = (a % shareCount) + 1;
    const gap = (b % Math.min(4, threshold)) + 1;
    return { shareCount, threshold, privacy: threshold - gap };
  });

describe('the field of 256 elements', () => {
  it.each([
    [0x57, 0x83, 0xc1],
    [0x57, 0x13, 0xfe],
    [0x57, 0x02, 0xae],
    [0x57, 0x10, 0x07],
  ])('multiplies 0x%s and 0x%s as FIPS 197 section 4.2 does', (a, b, product) => {
    expect(multiply(a, b)).toBe(product);
    expect(multiply(b, a)).toBe(product);
  });

  it('inverts every element but zero', () => {
    expect(bytes.slice(1).filter((a) => multiply(a, invert(a)) !== 1)).toEqual([]);
    expect(invert(0)).toBe(0);
  });

  it('distributes multiplication over addition', () => {
    const wrong = bytes.filter((a) =>
      bytes.some((b) => multiply(a, b ^ 0x35) !== (multiply(a, b) ^ multiply(a, 0x35))),
    );
    expect(wrong).toEqual([]);
  });
});

describe('shares with k - r = 1 and the package shamir-secret-sharing', () => {
  it('are combined by it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 70 }),
        fc.integer({ min: 2, max: 16 }),
        fc.nat(),
        async (secret, shareCount, a) => {
          const threshold = 2 + (a % (shareCount - 1));
          const scheme = { shareCount, threshold, privacy: threshold - 1 };
          const theirs = split(secret, scheme, coins).map(({ point, value }) =>
            concat(value, Uint8Array.of(point)),
          );
          expect(hex(await privy.combine(theirs.slice(-threshold)))).toBe(hex(secret));
        },
      ),
      RUNS,
    );
  });

  it('made by it are combined here, whatever points it chose', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 70 }), async (secret) => {
        const shares = (await privy.split(secret, 5, 3)).map((share) => ({
          point: share.at(-1) ?? 0,
          value: share.slice(0, -1),
        }));
        const scheme = { shareCount: 5, threshold: 3, privacy: 2 };
        expect(hex(combine(shares.slice(1, 4), scheme, secret.length))).toBe(hex(secret));
      }),
      RUNS,
    );
  });
});

describe('a ramp', () => {
  it('gives the secret back from any k shares, in any order', () => {
    fc.assert(
      fc.property(
        parameters,
        fc.uint8Array({ minLength: 1, maxLength: 100 }),
        fc.infiniteStream(fc.nat()),
        (scheme, secret, draws) => {
          const left = [...split(secret, scheme, coins)];
          const chosen: PointShare[] = [];
          while (chosen.length < scheme.threshold) {
            const at = Number(draws.next().value) % left.length;
            chosen.push(...left.splice(at, 1));
          }
          expect(hex(combine(chosen, scheme, secret.length))).toBe(hex(secret));
        },
      ),
      RUNS,
    );
  });

  it('has shares of a (k - r)-th of the secret', () => {
    const lengths = [1, 2, 3, 4].map((gap) => {
      const scheme = { shareCount: 6, threshold: 5, privacy: 5 - gap };
      return split(random(96), scheme, coins)[0]?.value.length;
    });
    expect(lengths).toEqual([96, 48, 32, 24]);
  });

  it.each([
    { shareCount: 3, threshold: 2, privacy: 1 },
    { shareCount: 4, threshold: 3, privacy: 1 },
    { shareCount: 4, threshold: 4, privacy: 1 },
  ])('shows one holder every value equally often, whatever the secret: %p', (scheme) => {
    const secret = random(scheme.threshold - scheme.privacy);
    const views = Array.from({ length: scheme.shareCount }, () => new Set<number>());
    for (const coin of bytes) {
      const shares = split(secret, scheme, () => Uint8Array.of(coin));
      for (const [i, { value }] of shares.entries()) views[i]?.add(value[0] ?? -1);
    }
    expect(views.map((view) => view.size)).toEqual(views.map(() => 256));
  });

  it('shows two holders of (4, 3, 2) every pair of values equally often', () => {
    const scheme = { shareCount: 4, threshold: 3, privacy: 2 };
    const secret = random(1);
    const pairs = new Set<number>();
    for (let both = 0; both < 65_536; both++) {
      const drawn = [both >> 8, both & 255];
      const shares = split(secret, scheme, (piece) => Uint8Array.of(drawn[piece] ?? 0));
      pairs.add(((shares[1]?.value[0] ?? 0) << 8) | (shares[3]?.value[0] ?? 0));
    }
    expect(pairs.size).toBe(65_536);
  });

  it('uses the first k shares, and nothing of those behind them', () => {
    const scheme = { shareCount: 5, threshold: 3, privacy: 1 };
    const secret = random(32);
    const first = split(secret, scheme, coins).slice(1, 4);
    const behind = [
      ...first.slice(0, 1),
      { point: 0, value: random(3) },
      { point: 9, value: random(16) },
    ];
    for (const extra of behind) {
      expect(hex(combine([...first, extra], scheme, 32))).toBe(hex(secret));
    }
  });

  it('gives another secret where one share is wrong, and cannot tell', () => {
    const scheme = { shareCount: 5, threshold: 3, privacy: 2 };
    const secret = random(32);
    const shares = split(secret, scheme, coins);
    const wrong = shares.map((share, i) => (i === 1 ? { ...share, value: random(32) } : share));
    expect(hex(combine(wrong, scheme, 32))).not.toBe(hex(secret));
  });

  it.each([
    [17, 3, 2],
    [3, 4, 3],
    [3, 2, 2],
    [3, 2, -1],
    [9, 8, 3],
    [0, 0, 0],
    [3.5, 2, 1],
    [5, Number.NaN, 1],
  ])('(%d, %d, %d) is refused', (shareCount, threshold, privacy) => {
    const scheme = { shareCount, threshold, privacy };
    expect(codeOf(() => split(new Uint8Array(32), scheme, coins))).toBe('INPUT_INVALID');
    expect(codeOf(() => combine([], scheme, 32))).toBe('INPUT_INVALID');
  });

  it('refuses too few shares, two of one point, a point outside the field and a wrong length', () => {
    const scheme = { shareCount: 3, threshold: 2, privacy: 1 };
    const [a, b] = split(random(8), scheme, coins);
    if (a === undefined || b === undefined) throw new Error('two shares');
    expect(codeOf(() => combine([a], scheme, 8))).toBe('SHARES_TOO_FEW');
    expect(codeOf(() => combine([a, a], scheme, 8))).toBe('SHARE_INVALID');
    expect(codeOf(() => combine([a, { ...b, point: 0 }], scheme, 8))).toBe('SHARE_INVALID');
    expect(codeOf(() => combine([a, { ...b, point: 256 }], scheme, 8))).toBe('SHARE_INVALID');
    expect(codeOf(() => combine([a, { ...b, value: new Uint8Array(7) }], scheme, 8))).toBe(
      'SHARE_INVALID',
    );
  });
});
