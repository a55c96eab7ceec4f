import { beforeAll, describe, expect, it } from '@jest/globals';
import { bls12_381 } from '@noble/curves/bls12-381';
import fc from 'fast-check';
import { base64url, fromBase64url, hex, integer, toInteger } from '@holdfast/protocol/bytes.js';
import {
  chameleonHash,
  collide,
  newLeaf,
  newOpening,
  verifyOpening,
  type ChameleonLeaf,
} from '@holdfast/protocol/chameleon.js';
import { add1, encodeG1, multiply1, multiplyBase, ready } from '@holdfast/protocol/curve.js';
import { inverse, modulo, ORDER, toScalar } from '@holdfast/protocol/scalar.js';
import { byteStream, transcript } from '@holdfast/protocol/hash.js';
import { RUNS, seededRandom } from '../support/property.ts';
import { refusalOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const random = seededRandom();
const trapdoor = toScalar(random(48));
const [first, second, third] = [random(32), random(32), random(32)];
let key: Uint8Array;
let leaf: ChameleonLeaf;

beforeAll(async () => {
  await ready();
  key = encodeG1(multiplyBase(trapdoor));
  leaf = newLeaf(key, first, random);
});

/** The leaf as the owner opens it to another message. */
const openedTo = (message: Uint8Array, secret = trapdoor): ChameleonLeaf => ({
  ...leaf,
  opening: collide(secret, fromBase64url(leaf.chameleonHash), message, random),
});
const numbers = ({ opening }: ChameleonLeaf) => ({
  r: toInteger(fromBase64url(opening.r)),
  s: toInteger(fromBase64url(opening.s)),
});
const changedText = (text: string, bit: number) => base64url(flipped(fromBase64url(text), bit));

describe('a chameleon hash', () => {
  it('is what a second library computes', () => {
    const opening = newOpening(random);
    const [r, s] = [fromBase64url(opening.r), fromBase64url(opening.s)];
    const Point = bls12_381.G1.ProjectivePoint;
    const wide = (seed: Uint8Array) => toInteger(byteStream(seed)(48)) % ORDER;
    const e = wide(transcript('chameleon-challenge', key, r, first));
    const point = Point.fromHex(key)
      .multiply(e)
      .add(Point.BASE.multiply(toInteger(s)));
    const f = wide(transcript('chameleon-point', point.toRawBytes(true)));
    const expected = (((toInteger(r) - f) % ORDER) + ORDER) % ORDER;
    expect(hex(chameleonHash(key, first, opening))).toBe(hex(integer(expected, 32)));
  });

  it('opens to what it was made over', () => {
    expect(verifyOpening(leaf, first)).toBe(true);
    expect(verifyOpening(leaf, second)).toBe(false);
  });

  it('is opened by its owner to any other version, the leaf unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (message) => {
        const opened = openedTo(message);
        expect(opened.chameleonHash).toBe(leaf.chameleonHash);
        expect(verifyOpening(opened, message)).toBe(true);
        expect(verifyOpening(opened, first)).toBe(false);
      }),
      RUNS,
    );
  });

  it('is not opened by a stranger, with a trapdoor of another key', () => {
    expect(verifyOpening(openedTo(second, toScalar(random(48))), second)).toBe(false);
  });

  it('is not opened under a new key of the same owner: a leaf belongs to its key for ever', () => {
    const renewed = toScalar(random(48));
    const chameleonKey = base64url(encodeG1(multiplyBase(renewed)));
    const opened = { ...openedTo(second), chameleonKey };
    expect(verifyOpening(opened, second)).toBe(false);
  });

  it('does not open with any bit of key, hash, opening or message changed', () => {
    const opened = openedTo(second);
    const { r, s } = opened.opening;
    /** A change either fails or does not even decode. */
    const holds = (changed: ChameleonLeaf, message = second) => {
      try {
        return verifyOpening(changed, message);
      } catch {
        return false;
      }
    };
    expect(holds(opened)).toBe(true);
    fc.assert(
      fc.property(fc.nat(), (bit) => {
        const changes = [
          { ...opened, chameleonKey: changedText(opened.chameleonKey, bit) },
          { ...opened, chameleonHash: changedText(opened.chameleonHash, bit) },
          { ...opened, opening: { r: changedText(r, bit), s } },
          { ...opened, opening: { r, s: changedText(s, bit) } },
        ];
        expect(changes.filter((change) => holds(change))).toEqual([]);
        expect(holds(opened, flipped(second, bit))).toBe(false);
      }),
      RUNS,
    );
  });

  it('keeps an old opening valid for ever: only the ledger says which version is current', () => {
    openedTo(second);
    openedTo(third);
    expect(verifyOpening(leaf, first)).toBe(true);
  });

  it('can be made over a first version by anybody: registering must be signed by the owner', () => {
    const made = newLeaf(key, third, random);
    expect(verifyOpening(made, third)).toBe(true);
  });

  it('refuses a scalar of the group order or more, and infinity as key', () => {
    const tooLarge = base64url(integer(ORDER, 32));
    const { r, s } = leaf.opening;
    const infinity = base64url(Uint8Array.from([0xc0, ...new Uint8Array(47)]));
    const bad: ChameleonLeaf[] = [
      { ...leaf, chameleonHash: tooLarge },
      { ...leaf, opening: { r: tooLarge, s } },
      { ...leaf, opening: { r, s: tooLarge } },
      { ...leaf, chameleonKey: infinity },
      { ...leaf, opening: { r: 'AA', s } },
    ];
    const found = bad.map((one) => refusalOf(() => verifyOpening(one, first)));
    expect(found.map(({ code }) => code)).toEqual(bad.map(() => 'INPUT_INVALID'));
    const fields = ['/chameleonHash', '/opening/r', '/opening/s', '/chameleonKey', '/opening/r'];
    expect(found.map(({ pointer }) => pointer)).toEqual(fields);
  });
});

describe('the trapdoor', () => {
  const m1 = toScalar(random(48));
  const m2 = toScalar(random(48));

  /** (m - m') / (r' - r): what a stranger computes from two openings. */
  const guess = (m: bigint, r: bigint, mNext: bigint, rNext: bigint) =>
    modulo((m - mNext) * inverse(modulo(rNext - r)));

  it('of the form g^m h^r of paper 003 is given away by the first update', () => {
    const h = multiplyBase(trapdoor);
    const plain = (m: bigint, r: bigint) => encodeG1(add1(multiplyBase(m), multiply1(h, r)));
    const r1 = toScalar(random(48));
    const r2 = modulo(r1 + (m1 - m2) * inverse(trapdoor));
    expect(hex(plain(m2, r2))).toBe(hex(plain(m1, r1)));
    expect(guess(m1, r1, m2, r2)).toBe(trapdoor);
  });

  it('is not given away by a generator that repeats itself, as after a machine was set back', () => {
    const hash = fromBase64url(leaf.chameleonHash);
    const challengeIn = (r: bigint, message: Uint8Array) =>
      toScalar(byteStream(transcript('chameleon-challenge', key, integer(r, 32), message))(48));
    /** (s - s') / (e' - e): t, where both openings were made with one k. */
    const extracted = (openings: readonly { r: bigint; s: bigint }[]) => {
      const [one, other] = openings;
      if (one === undefined || other === undefined) throw new Error('two openings');
      const e = modulo(challengeIn(other.r, third) - challengeIn(one.r, second));
      return modulo((one.s - other.s) * inverse(e));
    };
    const repeated = () => seededRandom(7);
    const made = [second, third].map((message) =>
      numbers({ ...leaf, opening: collide(trapdoor, hash, message, repeated()) }),
    );
    expect(extracted(made)).not.toBe(trapdoor);
    // The control: k is what the generator gives, and nothing else.
    const k = toScalar(repeated()(48));
    const point = transcript('chameleon-point', encodeG1(multiplyBase(k)));
    const r = modulo(toInteger(hash) + toScalar(byteStream(point)(48)));
    const plain = [second, third].map((message) => ({
      r,
      s: modulo(k - challengeIn(r, message) * trapdoor),
    }));
    expect(extracted(plain)).toBe(trapdoor);
  });

  it('of ours is not, by the same computation on any two of three openings', () => {
    const openings = [leaf, openedTo(second), openedTo(third)].map(numbers);
    const digests = [first, second, third].map((message) => modulo(toInteger(message)));
    const challenges = openings.map(({ r }, i) =>
      toScalar(
        byteStream(
          transcript('chameleon-challenge', key, integer(r, 32), [first, second, third][i] ?? key),
        )(48),
      ),
    );
    for (const exponents of [digests, challenges]) {
      for (const [i, j] of [
        [0, 1],
        [0, 2],
        [1, 2],
      ] as const) {
        const [a, b] = [openings[i], openings[j]];
        const [m, mNext] = [exponents[i] ?? 0n, exponents[j] ?? 0n];
        if (a === undefined || b === undefined) throw new Error('three openings');
        expect(guess(m, a.r, mNext, b.r)).not.toBe(trapdoor);
        expect(guess(m, a.s, mNext, b.s)).not.toBe(trapdoor);
      }
    }
  });
});
