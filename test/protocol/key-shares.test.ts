import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bls12_381 } from '@noble/curves/bls12-381';
import fc from 'fast-check';
import { invert } from '@holdfast/protocol/binary-field.js';
import { unwrap, wrap } from '@holdfast/protocol/all-or-nothing.js';
import { concat, hex, toInteger, xor } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { ORDER } from '@holdfast/protocol/scalar.js';
import { byteStream, transcript } from '@holdfast/protocol/hash.js';
import {
  combineKeys,
  commitTo,
  splitKeys,
  type CommittedShare,
  type KeyShare,
  type Sharing,
} from '@holdfast/protocol/key-shares.js';
import { combine, split } from '@holdfast/protocol/ramp.js';
import { RUNS, seededRandom } from '../support/property.ts';
import { codeOf, refusalOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const random = seededRandom();
const keys = { fileKey: random(32), fileSecret: random(32) };
const secret = concat(keys.fileKey, keys.fileSecret);
const sharing: Sharing = {
  ownerId: random(32),
  fileId: random(32),
  generation: 1,
  purpose: 'self',
  shareCount: 5,
  threshold: 3,
  privacy: 2,
};
const schemes = [
  { shareCount: 5, threshold: 3, privacy: 2 },
  { shareCount: 1, threshold: 1, privacy: 0 },
  { shareCount: 16, threshold: 9, privacy: 7 },
  { shareCount: 7, threshold: 4, privacy: 1 },
  { shareCount: 9, threshold: 8, privacy: 4 },
];

const commitmentsOf = (shares: readonly CommittedShare[]) => shares.map((s) => s.commitment);
const changed = (share: KeyShare, bit: number): KeyShare => ({
  ...share,
  keyShare: flipped(share.keyShare, bit),
});
const subset = <T>(items: readonly T[], count: number, start: number): T[] =>
  Array.from({ length: count }, (_, i) => items[(start + i) % items.length]).filter(
    (item) => item !== undefined,
  );

beforeAll(ready);

describe('the keys of a file in shares', () => {
  it.each(schemes)('come back from any k of n: %p', (scheme) => {
    const own = { ...sharing, ...scheme };
    const shares = splitKeys(keys, own);
    expect(shares).toHaveLength(scheme.shareCount);
    for (let start = 0; start < scheme.shareCount; start++) {
      const held = subset(shares, scheme.threshold, start);
      expect(combineKeys(held, commitmentsOf(shares), own)).toEqual({ keys, bad: [] });
    }
  });

  it('are split the same way each time', () => {
    expect(splitKeys(keys, sharing)).toEqual(splitKeys(keys, sharing));
  });

  it.each<[string, Partial<Sharing>]>([
    ['owner', { ownerId: random(32) }],
    ['file', { fileId: random(32) }],
    ['generation', { generation: 2 }],
    ['purpose', { purpose: 'recovery' }],
    ['number of shares', { shareCount: 6 }],
    ['threshold', { threshold: 4, privacy: 3 }],
  ])('have no share in common with those of another %s', (_, other) => {
    const all = [...splitKeys(keys, sharing), ...splitKeys(keys, { ...sharing, ...other })];
    const parts = all.flatMap((share) => [share.keyShare, share.macShare, share.commitment]);
    expect(new Set(parts.map(hex)).size).toBe(parts.length);
  });

  it('are two keys of 32 bytes', () => {
    const short = { ...keys, fileSecret: random(31) };
    expect(() => splitKeys(short, sharing)).toThrow('bug: K_F and S_f have 32 bytes each');
  });

  it('have commitments that a second library agrees on', () => {
    const [share] = splitKeys(keys, sharing);
    if (share === undefined) throw new Error('no share');
    const framed = (bytes: Uint8Array) => Buffer.concat([Buffer.of(0, 0, 0, bytes.length), bytes]);
    const seed = transcript(
      'share-scalar',
      sharing.ownerId,
      sharing.fileId,
      Buffer.of(0, 0, 0, 1),
      Buffer.of(1),
      framed(share.keyShare),
      framed(share.macShare),
    );
    const scalar = toInteger(byteStream(seed)(48)) % ORDER;
    const point = bls12_381.G1.ProjectivePoint.BASE.multiply(scalar);
    expect(hex(share.commitment)).toBe(hex(point.toRawBytes(true)));
  });
});

describe('a damaged share', () => {
  const shares = splitLater();

  it('is named, whichever it is and whatever bit is wrong, while k others give the keys', () => {
    fc.assert(
      fc.property(fc.nat({ max: 4 }), fc.nat(), fc.boolean(), (at, bit, inMac) => {
        const damage = (share: KeyShare): KeyShare =>
          inMac ? { ...share, macShare: flipped(share.macShare, bit) } : changed(share, bit);
        const held = shares().map((share, i) => (i === at ? damage(share) : share));
        const found = combineKeys(held, commitmentsOf(shares()), sharing);
        expect(found).toEqual({ keys, bad: [at + 1] });
      }),
      RUNS,
    );
  });

  it('is named even where exactly k are at hand, and the keys are refused', () => {
    const held = shares()
      .slice(0, 3)
      .map((share, i) => (i === 1 ? changed(share, 3) : share));
    const refusal = refusalOf(() => combineKeys(held, commitmentsOf(shares()), sharing));
    expect(refusal.code).toBe('SHARES_TOO_FEW');
    expect(refusal.detail).toBe('3 key shares needed, 2 match the ledger; damaged: 2');
  });

  it('without commitments cannot be named: shares 1 to 3 give the same false keys, whichever is bad', () => {
    const held = shares().slice(0, 3);
    const attempts = held.map((_, at) => {
      const points = held.map((share, i) => ({
        point: share.index,
        value: i === at ? flipped(share.keyShare, 3) : share.keyShare,
      }));
      return hex(combine(points, sharing, 64));
    });
    expect(attempts).not.toContain(hex(secret));
    expect(new Set(attempts).size).toBe(1);
  });

  it('under a false number, or a number that does not exist, is bad as well', () => {
    const [first, second, third] = shares();
    if (!first || !second || !third) throw new Error('three shares');
    const held = [{ ...first, index: 4 }, second, { ...third, index: 9 }];
    const { detail } = refusalOf(() => combineKeys(held, commitmentsOf(shares()), sharing));
    expect(detail).toBe('3 key shares needed, 1 match the ledger; damaged: 4, 9');
  });

  it('counts once when it comes twice, as a good one does', () => {
    const [first, second] = shares();
    if (!first || !second) throw new Error('two shares');
    const held = [first, first, second, second];
    expect(codeOf(() => combineKeys(held, commitmentsOf(shares()), sharing))).toBe(
      'SHARES_TOO_FEW',
    );
  });

  it('of another file or generation matches nothing', () => {
    const others: Partial<Sharing>[] = [{ fileId: random(32) }, { generation: 2 }];
    for (const other of others) {
      const foreign = splitKeys(keys, { ...sharing, ...other });
      const attempt = () => combineKeys(foreign, commitmentsOf(shares()), sharing);
      expect(refusalOf(attempt).detail).toContain('damaged: 1, 2, 3, 4, 5');
    }
  });

  it('made by the owner itself, commitment and all, fails the MAC', () => {
    const forged = shares().map((share) => {
      const keyShare = xor(share.keyShare, new Uint8Array(64).fill(1));
      return { ...share, keyShare, commitment: commitTo({ ...share, keyShare }, sharing) };
    });
    const refusal = refusalOf(() => combineKeys(forged, commitmentsOf(forged), sharing));
    expect(refusal.code).toBe('SHARE_INVALID');
  });
});

describe('the coins', () => {
  const plain = { shareCount: 5, threshold: 3, privacy: 2 };

  it('drawn from K_F alone would give two owners of one file equal shares', () => {
    const coins = (piece: number, length: number) =>
      new Uint8Array(createHmac('sha512', keys.fileKey).update(Buffer.of(piece)).digest()).slice(
        0,
        length,
      );
    const [mine] = split(keys.fileKey, plain, coins);
    const [theirs] = split(keys.fileKey, plain, coins);
    expect(mine).toEqual(theirs);

    const own = splitKeys(keys, sharing);
    const other = splitKeys(keys, { ...sharing, ownerId: random(32) });
    expect(
      own.filter((share, i) => hex(share.keyShare) === hex(other[i]?.keyShare ?? share.keyShare)),
    ).toEqual([]);
  });

  it('used for the key and again for its MAC would give one holder their difference', () => {
    const mac = random(32);
    const reused = new Map<number, Uint8Array>();
    const coins = (piece: number, length: number) => {
      const drawn = reused.get(piece) ?? random(64);
      reused.set(piece, drawn);
      return drawn.slice(0, length);
    };
    const [keyShare] = split(secret, plain, coins);
    const [macShare] = split(mac, plain, coins);
    if (!keyShare || !macShare) throw new Error('two shares');
    const leaked = xor(keyShare.value.slice(0, 32), macShare.value);
    expect(hex(leaked)).toBe(hex(xor(secret.slice(0, 32), mac)));

    const held = splitKeys(keys, sharing);
    const trueMac = combine(
      held.map((share) => ({ point: share.index, value: share.macShare })),
      sharing,
      32,
    );
    const differences = held.map((share) => hex(xor(share.keyShare.slice(0, 32), share.macShare)));
    expect(differences).not.toContain(hex(xor(secret.slice(0, 32), trueMac)));
  });
});

describe('with k - r >= 2', () => {
  const weak = { shareCount: 16, threshold: 9, privacy: 7 };
  /** Their sum of inverse points is zero. */
  const holders = [1, 2, 3, 4, 6, 8, 14, 15];

  /** What k - 1 shares and a guess of the k-th give. */
  const guessed = (shares: readonly { point: number; value: Uint8Array }[], length: number) =>
    combine(
      [
        ...shares.filter(({ point }) => holders.includes(point)),
        { point: 5, value: random(length / 2) },
      ],
      weak,
      length,
    );

  it('66 of the 12,870 sets of 8 holders of (16, 9, 7) are weak', () => {
    const sums = new Map([[0, [1]]]);
    // sums.get(inverse sum)[holders]: in how many sets of so many holders the inverse points add up to it.
    for (let point = 1; point <= 16; point++) {
      for (const [sum, counts] of structuredClone([...sums])) {
        const next = sum ^ invert(point);
        const row = sums.get(next) ?? [];
        for (const [holders, count] of counts.entries()) {
          row[holders + 1] = (row[holders + 1] ?? 0) + (count ?? 0);
        }
        sums.set(next, row);
      }
    }
    expect(sums.get(0)?.[8]).toBe(66);
    expect([...sums.values()].reduce((total, row) => total + (row[8] ?? 0), 0)).toBe(12_870);
  });

  it('a plain ramp gives half of the secret to k - 1 holders', () => {
    const shares = split(secret, weak, (_, length) => random(length));
    const [first, second] = [guessed(shares, 64), guessed(shares, 64)];
    expect(hex(first.slice(0, 32))).not.toBe(hex(second.slice(0, 32)));
    expect(hex(first.slice(32))).toBe(hex(keys.fileSecret));
    expect(hex(second.slice(32))).toBe(hex(keys.fileSecret));
  });

  it('behind the all-or-nothing transform the same holders get half of a package and no secret', () => {
    const wrapped = wrap(secret);
    const shares = split(wrapped, weak, (_, length) => random(length));
    const first = guessed(shares, 96);
    expect(hex(first.slice(48))).toBe(hex(wrapped.slice(48)));
    expect(codeOf(() => unwrap(first))).toBe('SHARE_INVALID');
  });

  it('the shares of a file pass that transform', () => {
    const shares = splitKeys(keys, { ...sharing, ...weak });
    const points = shares.map((share) => ({ point: share.index, value: share.keyShare }));
    expect(hex(unwrap(combine(points, weak, 96)))).toBe(hex(secret));
    const half = guessed(points, 96);
    expect(codeOf(() => unwrap(half))).toBe('SHARE_INVALID');
    expect(hex(half)).not.toContain(hex(keys.fileSecret));
  });

  it('(7, 4, 2) is weak in the holders 2, 3 and 6', () => {
    const scheme = { shareCount: 7, threshold: 4, privacy: 2 };
    const shares = split(secret, scheme, (_, length) => random(length));
    const held = shares.filter(({ point }) => [2, 3, 6].includes(point));
    const found = combine([...held, { point: 1, value: random(32) }], scheme, 64);
    expect(hex(found.slice(32))).toBe(hex(keys.fileSecret));
  });
});

/** The curve must be ready first. */
function splitLater(): () => readonly CommittedShare[] {
  let shares: readonly CommittedShare[] | undefined;
  return () => (shares ??= splitKeys(keys, sharing));
}
