import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bls12_381 } from '@noble/curves/bls12-381';
import { base64url, concat, fromBase64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import {
  add1,
  BASE_1,
  decodeG1,
  encodeG1,
  multiply1,
  multiplyBase,
  ready,
} from '@holdfast/protocol/curve.js';
import { modulo } from '@holdfast/protocol/scalar.js';
import { transcript } from '@holdfast/protocol/hash.js';
import { newSecret } from '@holdfast/protocol/signature.js';
import { pointsOf } from '@holdfast/protocol/point-row.js';
import {
  decodeTable,
  newTagKeyRecord,
  publicTable,
  tagKeyId,
  verifyTable,
  verifyTagKey,
  type AnnouncedTagKey,
  type TagKey,
} from '@holdfast/protocol/tag-key.js';
import { cofactorPoint } from '../support/cofactor-point.ts';
import { seededRandom } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const SECTORS = 5;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const random = seededRandom();
const channel = 'holdfast';
const ownerId = hex(random(32));
let key: TagKey;
let table: Uint8Array;
let tagKey: AnnouncedTagKey;
let id: string;

beforeAll(async () => {
  await ready();
  key = { x: newSecret(random), alpha: newSecret(random) };
  table = publicTable(key.alpha, SECTORS);
  ({ tagKey, tagKeyId: id } = newTagKeyRecord(key, table, { channel, ownerId }));
});

const announced = (secrets: TagKey, of = table) =>
  newTagKeyRecord(secrets, of, { channel, ownerId }).tagKey;
const infinity = (length: number) =>
  base64url(concat(Uint8Array.of(0xc0), new Uint8Array(length - 1)));

describe('an announced tag key', () => {
  it('holds the points and the id that its secrets give', () => {
    const Base = bls12_381.G2.ProjectivePoint.BASE;
    expect(hex(fromBase64url(tagKey.x))).toBe(Base.multiply(key.x).toHex(true));
    const xAlpha = Base.multiply(modulo(key.x * key.alpha)).toHex(true);
    expect(hex(fromBase64url(tagKey.xAlpha))).toBe(xAlpha);
    expect(tagKey).toMatchObject({ sectorsMax: SECTORS, tableDigest: sha256(table) });
    const [X, Xa] = [fromBase64url(tagKey.x), fromBase64url(tagKey.xAlpha)];
    expect(id).toBe(hex(transcript('tag-key', fromHex(ownerId), X, Xa)));
    expect(id).toBe(hex(tagKeyId(fromHex(ownerId), X, Xa)));
  });
  it('is accepted for its owner on its channel only', () => {
    expect(() => verifyTagKey({ channel, ownerId, tagKey })).not.toThrow();
    const elsewhere = [
      { channel: 'other', ownerId, tagKey },
      { channel, ownerId: hex(random(32)), tagKey },
    ];
    for (const claim of elsewhere) expect(codeOf(() => verifyTagKey(claim))).toBe('KEY_INVALID');
  });
  it('is refused where any field is another', () => {
    const other = announced({ x: newSecret(random), alpha: newSecret(random) });
    const changes: Partial<AnnouncedTagKey>[] = [
      { x: other.x },
      { xAlpha: other.xAlpha },
      { tableDigest: hex(random(32)) },
      { sectorsMax: SECTORS + 1 },
      { possessionX: other.possessionX },
      { possessionXAlpha: other.possessionXAlpha },
      { possessionX: tagKey.possessionXAlpha, possessionXAlpha: tagKey.possessionX },
      { x: tagKey.xAlpha, xAlpha: tagKey.x },
      { x: infinity(96) },
      { xAlpha: infinity(96) },
      { possessionX: infinity(48) },
      { x: base64url(flipped(fromBase64url(tagKey.x), 300)) },
      { possessionX: base64url(flipped(fromBase64url(tagKey.possessionX), 300)) },
    ];
    for (const change of changes) {
      const tampered = { ...tagKey, ...change };
      expect(codeOf(() => verifyTagKey({ channel, ownerId, tagKey: tampered }))).toBe(
        'KEY_INVALID',
      );
    }
  });
  it('is refused with alpha of 1, under which the sum of sectors would do for a block', () => {
    const weak = announced({ ...key, alpha: 1n });
    expect(weak.x).toBe(weak.xAlpha);
    expect(() => verifyTagKey({ channel, ownerId, tagKey: weak })).toThrow('equals x');
  });
});

describe('a public table', () => {
  it('holds the powers of alpha', () => {
    const powers = Array.from({ length: SECTORS }, (_, j) => modulo(key.alpha ** BigInt(j)));
    expect(table).toEqual(concat(...powers.map((power) => encodeG1(multiplyBase(power)))));
    expect(table.slice(0, 48)).toEqual(BASE_1);
    expect(pointsOf(decodeTable(table)).map(encodeG1)).toEqual(
      powers.map((power) => encodeG1(multiplyBase(power))),
    );
  });
  it('is accepted where the ledger holds its digest and its powers are those of X', () => {
    expect(verifyTable(table, tagKey, random)).toBe(true);
  });
  it('may have a single sector', () => {
    const one = publicTable(key.alpha, 1);
    expect(verifyTable(one, announced(key, one), random)).toBe(true);
  });
  it('is refused in another length or with another digest', () => {
    expect(verifyTable(table.slice(48), tagKey, random)).toBe(false);
    expect(verifyTable(table.slice(1), tagKey, random)).toBe(false);
    expect(verifyTable(flipped(table, 500), tagKey, random)).toBe(false);
  });
  it('is refused where it is inconsistent, though its digest is announced: it would frame a provider', () => {
    const stranger = encodeG1(multiplyBase(newSecret(random)));
    for (let j = 0; j < SECTORS; j++) {
      const bad = concat(table.slice(0, 48 * j), stranger, table.slice(48 * (j + 1)));
      expect(verifyTable(bad, announced(key, bad), random)).toBe(false);
    }
    const otherAlpha = publicTable(newSecret(random), SECTORS);
    expect(verifyTable(otherAlpha, announced(key, otherAlpha), random)).toBe(false);
    // Powers of alpha all right, but of another base than g1.
    const scaled = concat(...pointsOf(decodeTable(table)).map((u) => encodeG1(multiply1(u, 2n))));
    expect(verifyTable(scaled, announced(key, scaled), random)).toBe(false);
  });
  it('is refused where an entry is no point, or the identity', () => {
    const identity = fromBase64url(infinity(48));
    for (const entry of [new Uint8Array(48), identity]) {
      const bad = concat(table.slice(0, 48), entry, table.slice(96));
      expect(codeOf(() => verifyTable(bad, announced(key, bad), random))).toBe('INPUT_INVALID');
    }
  });
  it('may have cofactor components, which proofs project away', () => {
    const shifted = encodeG1(add1(decodeG1(table.slice(48, 96)), cofactorPoint()));
    const odd = concat(table.slice(0, 48), shifted, table.slice(96));
    expect(verifyTable(odd, announced(key, odd), random)).toBe(true);
  });
});
