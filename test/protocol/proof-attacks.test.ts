/**
 * The attacks that shaped the audit (constructions, section 0), each with a control in which the defence is off and the
 * attack succeeds. Small blocks: the algebra does not depend on the number of sectors.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { challengeOf, rhoOf, type Challenge } from '@holdfast/protocol/audit.js';
import { hex, toInteger, u32be } from '@holdfast/protocol/bytes.js';
import {
  add1,
  BASE_2,
  decodeG2,
  encodeG1,
  multiply1,
  multiplyBase,
  multiScalar,
  negate1,
  pairingsAreOne,
  ready,
  subtract1,
  zero1,
  type G1,
  type G2,
} from '@holdfast/protocol/curve.js';
import { encodeScalar, inverse, modulo, ORDER, toScalar } from '@holdfast/protocol/scalar.js';
import { transcript } from '@holdfast/protocol/hash.js';
import { newBlockSum, newDotProduct } from '@holdfast/protocol/kernel.js';
import { pointsOf } from '@holdfast/protocol/point-row.js';
import { verifyAnswer, verifyEquation5, type AnsweredGroup } from '@holdfast/protocol/proof.js';
import { prove } from '@holdfast/protocol/prover.js';
import { newSecret } from '@holdfast/protocol/signature.js';
import { powers } from '@holdfast/protocol/tag-key.js';
import { sectorsOf } from '@holdfast/protocol/tag.js';
import {
  encoded,
  keys,
  messagesOf,
  opened,
  parts,
  tagsOf,
  type Parts,
} from '../support/proof-parts.ts';
import { seededRandom } from '../support/property.ts';
import {
  CHANNEL,
  newTagger,
  stored,
  tagFile,
  type TaggedFile,
  type Tagger,
} from '../support/tagged-files.ts';

const BLOCK = 200;
const random = seededRandom();
const audit = { channel: CHANNEL, epoch: 12, beacon: hex(random(32)), providerId: 'Birch' };
let alice: Tagger;
let bob: Tagger;
let hers: TaggedFile;
let his: TaggedFile;

beforeAll(async () => {
  await ready();
  [alice, bob] = [newTagger(random, BLOCK), newTagger(random, BLOCK)];
  const blocks = () => Array.from({ length: 6 }, () => random(BLOCK));
  [hers, his] = [tagFile(random, alice, blocks()), tagFile(random, bob, blocks())];
});

const challengeOfFile = ({ file }: TaggedFile, at = audit): Challenge =>
  challengeOf({ ...at, file, due: null, ask: { fromEpoch: 1, node: null, blocks: 5 } });
const rhoFor = ({ tagKey }: Tagger, at = audit) => rhoOf({ ...at, tagKeyId: tagKey.tagKeyId });

function group(owner: Tagger, tagged: TaggedFile, proof: Uint8Array, at = audit): AnsweredGroup {
  const challenge = challengeOfFile(tagged, at);
  return { tagKey: owner.tagKey, files: [{ file: tagged.file, challenge }], proof };
}

async function honest(owner: Tagger, tagged: TaggedFile): Promise<AnsweredGroup> {
  const files = [stored(tagged, challengeOfFile(tagged))];
  return group(owner, tagged, await prove({ table: owner.table, rho: rhoFor(owner), files }));
}

describe('two false proofs whose errors cancel', () => {
  /** The check of section 1.4 with weights that do not come from the proofs: the defence off. */
  const holdsWith = (
    groups: readonly [Tagger, TaggedFile, Parts][],
    weights: readonly bigint[],
  ) => {
    const pairs = groups.flatMap(([owner, tagged, part], i): [G1, G2][] => {
      const weight = weights[i] ?? 0n;
      const message = messagesOf(tagged, challengeOfFile(tagged));
      const [X, Xa] = keys(owner);
      return [
        [negate1(multiply1(part.sigma, weight)), decodeG2(BASE_2)],
        [multiply1(opened(message, part, rhoFor(owner)), weight), X],
        [multiply1(part.psi, weight), Xa],
      ];
    });
    return pairingsAreOne(pairs);
  };
  /** Proofs off by d / w_0 and -d / w_1. */
  const cancelling = async ([w0 = 1n, w1 = 1n]: readonly bigint[]): Promise<[Parts, Parts]> => {
    const d = multiplyBase(toScalar(random(48)));
    const [one, two] = [parts(await honest(alice, hers)), parts(await honest(bob, his))];
    return [
      { ...one, sigma: add1(one.sigma, multiply1(d, inverse(w0))) },
      { ...two, sigma: subtract1(two.sigma, multiply1(d, inverse(w1))) },
    ];
  };
  /** As in section 1.4, but hashed from the challenges alone. */
  const fromBeacon = () => {
    const seeds = [hers, his].map((tagged) => challengeOfFile(tagged).seed);
    const all = transcript('proofs', ...seeds);
    return [1n, toInteger(transcript('weight', all, u32be(1)).slice(0, 16))];
  };

  it.each([
    ['no weights', () => [1n, 1n]],
    ['weights from the beacon alone', fromBeacon],
  ])('pass with %s; weights from the proof bytes refuse them', async (_, weightsOf) => {
    const weights = weightsOf();
    const [one, two] = await cancelling(weights);
    const batch: [Tagger, TaggedFile, Parts][] = [
      [alice, hers, one],
      [bob, his, two],
    ];
    expect(holdsWith(batch, weights)).toBe(true);
    const groups = [group(alice, hers, encoded(one)), group(bob, his, encoded(two))];
    expect(verifyAnswer({ ...audit, groups })).toBe(false);
    for (const alone of groups) {
      expect(verifyAnswer({ ...audit, groups: [alone] })).toBe(false);
    }
  });
  it('are not what the honest ones are', async () => {
    const groups = [await honest(alice, hers), await honest(bob, his)];
    const [one, two] = [groups[0], groups[1]].map((g) => parts(g ?? group(alice, hers, random(1))));
    if (one === undefined || two === undefined) throw new Error('two proofs');
    expect(
      holdsWith(
        [
          [alice, hers, one],
          [bob, his, two],
        ],
        fromBeacon(),
      ),
    ).toBe(true);
    expect(verifyAnswer({ ...audit, groups })).toBe(true);
  });
});

describe('whoever knows a secret of the key', () => {
  const forgedWith = (alpha: bigint) => {
    // The data are gone; 32 bytes a block are left: S_i = f_i(alpha).
    const sum = newDotProduct(powers(alice.key.alpha, sectorsOf(BLOCK)));
    const challenge = challengeOfFile(hers);
    const total = challenge.uids.reduce(
      (all, uid, i) =>
        modulo(all + (challenge.coefficients[i] ?? 0n) * sum(hers.blocks[uid] ?? random(0))),
      0n,
    );
    const y = toScalar(random(48));
    const psi = multiplyBase(modulo((total - y) * inverse(alpha - rhoFor(alice))));
    return { total, parts: { sigma: tagsOf(hers, challenge), y, psi } };
  };

  it('alpha alone, passes without the data in both forms: so custody of keys decides independence', () => {
    const forged = forgedWith(alice.key.alpha);
    const groups = [group(alice, hers, encoded(forged.parts))];
    expect(verifyAnswer({ ...audit, groups })).toBe(true);
    const combination = {
      combinedTag: encodeG1(forged.parts.sigma),
      combinedBlock: encodeScalar(forged.total),
    };
    const files = [{ file: hers.file, challenge: challengeOfFile(hers) }];
    expect(verifyEquation5({ ...alice, files, ...combination })).toBe(true);
  });
  it('another alpha, does not', () => {
    const groups = [group(alice, hers, encoded(forgedWith(newSecret(random)).parts))];
    expect(verifyAnswer({ ...audit, groups })).toBe(false);
  });
  it('g1^x, changes the proved value at will: so g1^x is never published', async () => {
    const proof = parts(await honest(alice, hers));
    const d = toScalar(random(48));
    const moved = (published: G1) => ({
      ...proof,
      y: modulo(proof.y + d),
      sigma: add1(proof.sigma, multiply1(published, d)),
    });
    const withKey = moved(multiplyBase(alice.key.x));
    expect(verifyAnswer({ ...audit, groups: [group(alice, hers, encoded(withKey))] })).toBe(true);
    const without = moved(multiplyBase(newSecret(random)));
    expect(verifyAnswer({ ...audit, groups: [group(alice, hers, encoded(without))] })).toBe(false);
  });
});

describe('a provider that knows rho when it stores the file', () => {
  /** What it keeps instead of a block: y_i = f_i(rho) and psi_i, 80 bytes. */
  const kept = (rho: bigint) =>
    hers.blocks.map((block) => {
      const sum = newBlockSum(sectorsOf(BLOCK));
      sum.add(block, 1n);
      const quotient: bigint[] = [];
      const y = sum.sums().reduceRight((above, m, j) => {
        if (j < sectorsOf(BLOCK) - 1) quotient.unshift(above);
        return (m + above * rho) % ORDER;
      }, 0n);
      return { y, psi: multiScalar(pointsOf(alice.table, 0, quotient.length), quotient) };
    });
  /** Its answer without any block. */
  const answer = (remains: ReturnType<typeof kept>, at: typeof audit): Parts => {
    const challenge = challengeOfFile(hers, at);
    const chosen = challenge.uids.map((uid) => remains[uid] ?? { y: 0n, psi: zero1() });
    const y = chosen.reduce(
      (sum, { y: y_i }, i) => sum + (challenge.coefficients[i] ?? 0n) * y_i,
      0n,
    );
    const psis = chosen.map(({ psi }) => psi);
    return {
      sigma: tagsOf(hers, challenge),
      y: modulo(y),
      psi: multiScalar(psis, challenge.coefficients),
    };
  };

  it('passes with 80 bytes a block, and not under a beacon that came later', () => {
    const remains = kept(rhoFor(alice));
    const known = group(alice, hers, encoded(answer(remains, audit)));
    expect(verifyAnswer({ ...audit, groups: [known] })).toBe(true);
    const later = { ...audit, epoch: 14, beacon: hex(random(32)) };
    const groups = [group(alice, hers, encoded(answer(remains, later)), later)];
    expect(verifyAnswer({ ...later, groups })).toBe(false);
  });
});
