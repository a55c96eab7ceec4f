import { beforeAll, describe, expect, it } from '@jest/globals';
import { bls12_381 } from '@noble/curves/bls12-381';
import fc from 'fast-check';
import { concat, hex, toInteger } from '@holdfast/protocol/bytes.js';
import { add1, decodeG1, encodeG1, multiply1, ready, subtract1 } from '@holdfast/protocol/curve.js';
import { modulo, ORDER } from '@holdfast/protocol/scalar.js';
import { DST } from '@holdfast/protocol/labels.js';
import { newIntake } from '@holdfast/protocol/intake.js';
import { sign } from '@holdfast/protocol/signature.js';
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

/** Whether a provider would take these blocks and tags. */
async function isTaken(blocks: Uint8Array[], tags: Uint8Array, during = session): Promise<boolean> {
  const intake = newIntake({ sectors: sectorsOf(BLOCK), random });
  for (const block of blocks) await intake.add(block);
  await intake.addTags(tags, during);
  return intake.finish(owner);
}

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

describe('two contents under one W', () => {
  /** From tags of f and g, the tag of 2g - f: sigma_g * (sigma_g / sigma_f). */
  const extrapolated = (first: Uint8Array, second: Uint8Array): Uint8Array => {
    const [f, g] = [decodeG1(first), decodeG1(second)];
    return encodeG1(add1(g, subtract1(g, f)));
  };
  const one = Uint8Array.of(...new Uint8Array(30), 10);
  const two = Uint8Array.of(...new Uint8Array(30), 13);
  const third = Uint8Array.of(...new Uint8Array(30), 16);

  it('let anybody forge a third, so W never repeats', async () => {
    const forged = extrapolated(tagsOf([one]), tagsOf([two]));
    expect(forged).toEqual(tagsOf([third]));
    expect(await isTaken([third], forged)).toBe(true);
  });
  it('do not arise where the nonce follows the content', async () => {
    const other = { ...session, nonce: random(16) };
    const forged = extrapolated(tagsOf([one]), tagsOf([two], other));
    expect(await isTaken([third], forged)).toBe(false);
    expect(await isTaken([third], forged, other)).toBe(false);
  });
});

describe('a proof of possession', () => {
  const zeros = new Uint8Array(BLOCK);
  const message = tagMessage(session.fileId, session.firstUid, session.nonce, session.taggedAt);

  it("under the tags' own domain would be a tag, and with tags of one block give tags of all", async () => {
    const proof = sign(owner.key.x, message, DST.tag);
    expect(await isTaken([zeros], proof)).toBe(true);
    // sigma / H(W)^x = g1^(x S): any multiple of it tags any multiple of the content.
    const one = Uint8Array.of(...new Uint8Array(30), 10);
    const ten = subtract1(decodeG1(tagsOf([one])), decodeG1(proof));
    const doubled = encodeG1(add1(decodeG1(proof), multiply1(ten, 2n)));
    expect(await isTaken([Uint8Array.of(...new Uint8Array(30), 20)], doubled)).toBe(true);
  });
  it('has a domain of its own, in which it is no tag', async () => {
    expect(await isTaken([zeros], sign(owner.key.x, message, DST.possession))).toBe(false);
    expect(await isTaken([zeros], tagsOf([zeros]))).toBe(true);
  });
});
