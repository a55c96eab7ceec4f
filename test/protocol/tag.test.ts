import { beforeAll, describe, expect, it } from '@jest/globals';
import { bls12_381 } from '@noble/curves/bls12-381';
import fc from 'fast-check';
import { concat, hex, toInteger } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { modulo, ORDER } from '@holdfast/protocol/scalar.js';
import { DST } from '@holdfast/protocol/labels.js';
import { powers } from '@holdfast/protocol/tag-key.js';
import {
  finishTags,
  newSectorSummer,
  sectorsOf,
  TAG,
  tagMessage,
  type TagSession,
} from '@holdfast/protocol/tag.js';
import { RUNS, seededRandom } from '../support/property.ts';
import { newTagger, type Tagger } from '../support/tagged-files.ts';

const BLOCK = 100;
const random = seededRandom();
const session: TagSession = {
  fileId: random(32),
  firstUid: 7,
  nonce: random(16),
  taggedAt: 1_700_000_000_000,
};
let owner: Tagger;

beforeAll(async () => {
  await ready();
  owner = newTagger(random, BLOCK);
});

const tagsOf = (blocks: Uint8Array[], during = session) =>
  finishTags(blocks.map(newSectorSummer(owner.key.alpha, sectorsOf(BLOCK))), during, owner.key);

describe('the message of a tag', () => {
  it('is laid out as specified', () => {
    const message = tagMessage(
      new Uint8Array(32).fill(0xaa),
      258,
      new Uint8Array(16).fill(0xbb),
      3,
    );
    expect(hex(message)).toBe(
      '0000000d' + // length of the label
        hex(new TextEncoder().encode('holdfast/v1/W')) +
        'aa'.repeat(32) +
        '0000000000000102' +
        'bb'.repeat(16) +
        '0000000000000003',
    );
  });
});

describe('a tag', () => {
  it('equals equation (1), computed sector by sector with a second library', () => {
    const Point = bls12_381.G1.ProjectivePoint;
    const blocks = [random(BLOCK), random(40), Uint8Array.of(1)];
    const tags = tagsOf(blocks);
    blocks.forEach((block, i) => {
      const uid = session.firstUid + i;
      const message = tagMessage(session.fileId, uid, session.nonce, session.taggedAt);
      const hashed = bls12_381.G1.hashToCurve(message, { DST: DST.tag });
      let product = Point.fromAffine(hashed.toAffine());
      for (let j = 0; j < sectorsOf(block.length); j++) {
        const sector = block.slice(31 * j, 31 * (j + 1));
        const m = toInteger(concat(sector, new Uint8Array(31 - sector.length)));
        const u = Point.BASE.multiply(modulo(owner.key.alpha ** BigInt(j)));
        product = product.add(u.multiply(m));
      }
      expect(hex(tags.slice(TAG * i, TAG * (i + 1)))).toBe(
        product.multiply(owner.key.x).toHex(true),
      );
    });
  });
  it('is another one for another id, session, file or content', () => {
    const block = random(BLOCK);
    const changes: Partial<TagSession>[] = [
      { firstUid: 8 },
      { nonce: random(16) },
      { taggedAt: 1 },
      { fileId: random(32) },
    ];
    const tags = [
      tagsOf([block]),
      tagsOf([random(BLOCK)]),
      ...changes.map((change) => tagsOf([block], { ...session, ...change })),
    ];
    expect(new Set(tags.map(hex)).size).toBe(changes.length + 2);
  });
});

describe('the sector sum', () => {
  it('has 32 bytes below the order', () => {
    const sum = newSectorSummer(owner.key.alpha, sectorsOf(BLOCK));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: BLOCK }), (block) => {
        expect(sum(block)).toHaveLength(32);
        expect(toInteger(sum(block)) < ORDER).toBe(true);
      }),
      RUNS,
    );
  });
  it('takes its powers from 1 upwards', () => {
    expect(powers(3n, 4)).toEqual([1n, 3n, 9n, 27n]);
    expect(powers(ORDER - 1n, 3)).toEqual([1n, ORDER - 1n, 1n]);
    expect(powers(5n, 0)).toEqual([]);
  });
});
