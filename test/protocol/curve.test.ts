import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { bls12_381 } from '@noble/curves/bls12-381';
import fc from 'fast-check';
import mcl from 'mcl-wasm';
import { concat, fromHex, hex, integer, utf8 } from '@holdfast/protocol/bytes.js';
import {
  add1,
  BASE_1,
  BASE_2,
  decodeG1,
  decodeG2,
  encodeG1,
  encodeG2,
  equal1,
  equal2,
  hashToG1,
  isZero1,
  multiply1,
  multiplyBase,
  multiplyBase2,
  multiScalar,
  negate1,
  normalize,
  pairingsAreOne,
  project1,
  ready,
  subtract1,
  zero1,
} from '@holdfast/protocol/curve.js';
import { decodeScalar, encodeScalar, modulo, ORDER, toScalar } from '@holdfast/protocol/scalar.js';
import { DST } from '@holdfast/protocol/labels.js';
import { attempt } from '../support/attempt.ts';
import { cofactorPoint } from '../support/cofactor-point.ts';
import { RUNS } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';
import { vectors } from '../support/vectors.ts';

const FIELD = bls12_381.fields.Fp.ORDER;
const Point1 = bls12_381.G1.ProjectivePoint;
const Point2 = bls12_381.G2.ProjectivePoint;
const scalar = fc.uint8Array({ minLength: 48, maxLength: 48 }).map(toScalar);
const multiple = scalar.map((k) => (k === 0n ? 1n : k));

beforeAll(ready);

/** The ZCash encoding of a point given by its coordinates; of G2, c0 before c1. */
function compressed(uncompressed: string): Uint8Array {
  const [x, y] = [
    uncompressed.slice(0, uncompressed.length / 2),
    uncompressed.slice(uncompressed.length / 2),
  ];
  const coordinates = (text: string) => (text.match(/.{128}/g) ?? []).map((c) => c.slice(32));
  const xs = coordinates(x).reverse();
  const [ys] = [coordinates(y).reverse()];
  const leading = ys.find((c) => BigInt(`0x${c}`) !== 0n);
  const bytes = fromHex(xs.join(''));
  if (leading === undefined && xs.every((c) => BigInt(`0x${c}`) === 0n)) {
    bytes[0] = 0xc0;
    return bytes;
  }
  const isLarger = 2n * BigInt(`0x${leading ?? '0'}`) > FIELD;
  bytes[0] = (bytes[0] ?? 0) | 0x80 | (isLarger ? 0x20 : 0);
  return bytes;
}

describe('the arithmetic', () => {
  it('has to be started, once', async () => {
    await expect(Promise.all([ready(), ready()])).resolves.toHaveLength(2);
    jest.resetModules();
    const fresh = await import('@holdfast/protocol/curve.js');
    expect(() => fresh.multiplyBase(1n)).toThrow('bug: ready()');
    expect(() => fresh.multiScalar([fresh.zero1()], [])).toThrow('bug: a scalar for each point');
    expect(() => toScalar(new Uint8Array(47))).toThrow('bug: a scalar takes 48 bytes');
  });
});

describe('the public vectors', () => {
  const rfc9380 = vectors<{ dst: string; cases: { message: string; x: string; y: string }[] }>(
    'rfc9380-g1.json',
  );
  it.each(rfc9380.cases)('hash to G1 as RFC 9380 does, $message', ({ message, x, y }) => {
    const padding = '0'.repeat(32);
    expect(hex(encodeG1(hashToG1(utf8(message), rfc9380.dst)))).toBe(
      hex(compressed(padding + x + padding + y)),
    );
  });

  const { multiples } = vectors<{ multiples: { k: number; point: string }[] }>(
    'bls12-381-g1-multiples.json',
  );
  it.each(multiples)('hold $k times the generator of G1', ({ k, point }) => {
    expect(hex(encodeG1(multiplyBase(BigInt(k))))).toBe(point);
    expect(hex(encodeG1(multiply1(decodeG1(BASE_1), BigInt(k))))).toBe(point);
    expect(equal1(decodeG1(fromHex(point), { infinity: true }), multiplyBase(BigInt(k)))).toBe(
      true,
    );
  });

  const eip2537 = vectors<{
    pointsOfG1: string[];
    pointsOfG2: string[];
    multiScalar: { name: string; points: string[]; scalars: string[]; expected: string }[];
    pairingCheck: { name: string; pairs: [string, string][]; expected: boolean }[];
    notInSubgroupG1: string;
    notInSubgroupG2: string;
    notOnCurveG2: string;
  }>('eip2537-bls12-381.json');
  const point1 = (text: string) => decodeG1(compressed(text), { infinity: true });

  it('hold points that decode to themselves', () => {
    for (const text of eip2537.pointsOfG1) {
      expect(hex(encodeG1(point1(text)))).toBe(hex(compressed(text)));
    }
    for (const text of eip2537.pointsOfG2) {
      expect(hex(encodeG2(decodeG2(compressed(text))))).toBe(hex(compressed(text)));
    }
  });
  it.each(eip2537.multiScalar)('hold the sum $name', ({ points, scalars, expected }) => {
    const sum = multiScalar(
      points.map(point1),
      scalars.map((text) => BigInt(`0x${text}`)),
    );
    expect(hex(encodeG1(sum))).toBe(hex(compressed(expected)));
  });
  it.each(eip2537.pairingCheck)('hold the product $name', ({ pairs, expected }) => {
    expect(
      pairingsAreOne(pairs.map(([p, q]) => [point1(p), decodeG2(compressed(q))] as const)),
    ).toBe(expected);
  });
  it('hold points that must be refused', () => {
    const { notInSubgroupG1, notInSubgroupG2, notOnCurveG2 } = eip2537;
    expect(() => point1(notInSubgroupG1)).toThrow('outside the subgroup');
    expect(() => decodeG2(compressed(notInSubgroupG2))).toThrow('outside the subgroup');
    expect(() => decodeG2(compressed(notOnCurveG2))).toThrow(/INPUT_INVALID: point of G2/);
  });
});

describe('a second library', () => {
  it('hashes to the same points under our own tags', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
        const theirs = bls12_381.G1.hashToCurve(message, { DST: DST.tag });
        const point = Point1.fromAffine(theirs.toAffine());
        expect(hex(encodeG1(hashToG1(message, DST.tag)))).toBe(point.toHex(true));
      }),
      RUNS,
    );
  });
  it('adds, negates and multiplies to the same points', () => {
    fc.assert(
      fc.property(multiple, multiple, (a, b) => {
        const [p, q] = [Point1.BASE.multiply(a), Point1.BASE.multiply(b)];
        const [ours, other] = [multiplyBase(a), multiplyBase(b)];
        expect(hex(encodeG1(ours))).toBe(p.toHex(true));
        expect(hex(encodeG1(add1(ours, other)))).toBe(p.add(q).toHex(true));
        expect(hex(encodeG1(subtract1(ours, other)))).toBe(p.subtract(q).toHex(true));
        expect(hex(encodeG1(negate1(ours)))).toBe(p.negate().toHex(true));
        expect(hex(encodeG1(multiply1(ours, b)))).toBe(p.multiply(b).toHex(true));
        expect(hex(encodeG2(multiplyBase2(a)))).toBe(Point2.BASE.multiply(a).toHex(true));
        expect(equal2(decodeG2(encodeG2(multiplyBase2(a))), multiplyBase2(a))).toBe(true);
      }),
      RUNS,
    );
  });
  it('pairs to the same truth', () => {
    fc.assert(
      fc.property(multiple, multiple, (a, b) => {
        const product = (c: bigint) =>
          pairingsAreOne([
            [multiplyBase(a), multiplyBase2(b)],
            [negate1(multiplyBase(c)), decodeG2(BASE_2)],
          ]);
        expect(product(modulo(a * b))).toBe(true);
        expect(product(modulo(a * b + 1n))).toBe(false);
      }),
      { ...RUNS, numRuns: 5 },
    );
  });
});

describe('a sum of many multiples', () => {
  it('is the sum of them one by one, for scalars of any size', () => {
    const few = fc.array(fc.tuple(multiple, fc.bigInt(0n, 1n << 300n)), { maxLength: 40 });
    fc.assert(
      fc.property(few, (terms) => {
        const points = terms.map(([k]) => multiplyBase(k));
        const expected = terms.reduce((sum, [k, times]) => modulo(sum + k * times), 0n);
        expect(
          equal1(
            multiScalar(
              points,
              terms.map(([, times]) => times),
            ),
            multiplyBase(expected),
          ),
        ).toBe(true);
      }),
      RUNS,
    );
  });
  it('is right for equal points, opposite points and the identity', () => {
    const point = multiplyBase(5n);
    const points = [point, point, negate1(point), zero1(), point];
    expect(equal1(multiScalar(points, [3n, 4n, 6n, 9n, 0n]), point)).toBe(true);
    expect(isZero1(multiScalar([], []))).toBe(true);
  });
  it.each([1, 4, 20, 100, 400])('carries through digits at their limits: %i points', (count) => {
    const limits = [64n, 127n, 128n, 255n].flatMap((bits) => {
      const ones = (1n << bits) - 1n;
      const halves = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(
        (width) => ones / ((1n << BigInt(width)) - 1n),
      );
      return [ones, ones - 1n, 1n << bits, ...halves, ...halves.map((half) => half << 1n)];
    });
    const points = normalize(Array.from({ length: count }, (_, i) => multiplyBase(BigInt(i + 1))));
    const all = Array.from({ length: Math.ceil(limits.length / count) }, (_, turn) =>
      points.map((_, i) => limits[(turn * count + i) % limits.length] ?? 0n),
    );
    for (const scalars of all) {
      const expected = scalars.reduce((sum, scalar, i) => sum + scalar * BigInt(i + 1), 0n);
      expect(equal1(multiScalar(points, scalars), multiplyBase(expected))).toBe(true);
    }
  });
  it('is right for more than a thousand points', () => {
    const scalars = Array.from({ length: 1_100 }, (_, i) => BigInt(i));
    const points = normalize(scalars.map((k) => multiplyBase(k + 1n)));
    const expected = scalars.reduce((sum, k) => sum + k * (k + 1n), 0n);
    expect(equal1(multiScalar(points, scalars), multiplyBase(expected))).toBe(true);
  });
});

describe('the decoders', () => {
  const infinity = (length: number) => concat(Uint8Array.of(0xc0), new Uint8Array(length - 1));

  it('accept infinity only where it is allowed, and only spelled one way', () => {
    expect(codeOf(() => decodeG1(infinity(48)))).toBe('INPUT_INVALID');
    expect(codeOf(() => decodeG2(infinity(96)))).toBe('INPUT_INVALID');
    expect(isZero1(decodeG1(infinity(48), { infinity: true }))).toBe(true);
    for (const bit of [3, 8, 383]) {
      const junk = flipped(infinity(48), bit);
      expect(codeOf(() => decodeG1(junk, { infinity: true }))).toBe('INPUT_INVALID');
      expect(codeOf(() => decodeG2(flipped(infinity(96), 2 * bit)))).toBe('INPUT_INVALID');
    }
  });
  it('refuse every other length', () => {
    const [one, two] = [encodeG1(multiplyBase(7n)), encodeG2(multiplyBase2(7n))];
    for (const bytes of [one.slice(1), concat(one, Uint8Array.of(0)), new Uint8Array(), two]) {
      expect(codeOf(() => decodeG1(bytes))).toBe('INPUT_INVALID');
    }
    for (const bytes of [two.slice(1), concat(two, Uint8Array.of(0)), one]) {
      expect(codeOf(() => decodeG2(bytes))).toBe('INPUT_INVALID');
    }
  });
  it('refuse a coordinate that is not below the field, and an uncompressed spelling', () => {
    const atField = integer(FIELD, 48);
    atField[0] = (atField[0] ?? 0) | 0x80;
    expect(codeOf(() => decodeG1(atField))).toBe('INPUT_INVALID');
    expect(codeOf(() => decodeG1(flipped(BASE_1, 7)))).toBe('INPUT_INVALID');
  });
  it('give another point, or none, for every flipped bit', () => {
    const original = encodeG1(multiplyBase(11n));
    const outcomes = Array.from({ length: 384 }, (_, bit) =>
      attempt(() => hex(encodeG1(decodeG1(flipped(original, bit))))),
    );
    const accepted = outcomes.filter((outcome) => outcome !== 'INPUT_INVALID');
    // Nothing but the sign leads to another point of the subgroup: the chance is 2^-126 a bit.
    expect(accepted).toEqual([hex(encodeG1(negate1(multiplyBase(11n))))]);
  });
  it('refuse a point with a cofactor component unless any order is allowed; projecting removes it', () => {
    const shifted = add1(multiplyBase(9n), cofactorPoint());
    const bytes = encodeG1(shifted);
    expect(codeOf(() => decodeG1(bytes))).toBe('INPUT_INVALID');
    expect(equal1(decodeG1(bytes, { anyOrder: true }), shifted)).toBe(true);
    expect(equal1(project1(shifted), multiplyBase(9n))).toBe(true);
    expect(isZero1(project1(cofactorPoint()))).toBe(true);
    expect(isZero1(project1(zero1()))).toBe(true);
  });
  it('take scalars of 32 bytes below the order only', () => {
    expect(decodeScalar(encodeScalar(ORDER - 1n))).toBe(ORDER - 1n);
    expect(codeOf(() => decodeScalar(integer(ORDER, 32)))).toBe('INPUT_INVALID');
    expect(codeOf(() => decodeScalar(new Uint8Array(31)))).toBe('INPUT_INVALID');
    expect(codeOf(() => decodeScalar(new Uint8Array(33)))).toBe('INPUT_INVALID');
  });
});

describe('the settings that mcl keeps for a whole process', () => {
  it('change neither hashes nor what is decoded', () => {
    const before = hex(encodeG1(hashToG1(utf8('message'), DST.tag)));
    mcl.setMapToMode(0);
    for (const checked of [true, false]) {
      mcl.verifyOrderG1(checked);
      expect(hex(encodeG1(hashToG1(utf8('message'), DST.tag)))).toBe(before);
      expect(codeOf(() => decodeG1(encodeG1(cofactorPoint())))).toBe('INPUT_INVALID');
    }
  });
});
