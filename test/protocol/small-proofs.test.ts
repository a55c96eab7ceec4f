/** Both forms of a proof in small: false ones beside each other in one answer, and what is said of bytes that are none. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { challengeOf, rhoOf } from '@holdfast/protocol/audit.js';
import { concat, hex } from '@holdfast/protocol/bytes.js';
import { add1, multiplyBase, ready, subtract1, type G1 } from '@holdfast/protocol/curve.js';
import {
  type AnsweredGroup,
  type Combination,
  verifyAnswer,
  verifyEquation5,
} from '@holdfast/protocol/proof.js';
import { combine, prove, type StoredFile } from '@holdfast/protocol/prover.js';
import { TAG } from '@holdfast/protocol/tag.js';
import { encoded, parts } from '../support/proof-parts.ts';
import { seededRandom } from '../support/property.ts';
import { refusalOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';
import { CHANNEL, newTagger, stored, tagFile, type Tagger } from '../support/tagged-files.ts';

const random = seededRandom();
const audit = { channel: CHANNEL, epoch: 12, beacon: hex(random(32)), providerId: 'Birch' };
let owner: Tagger;
let groups: AnsweredGroup[];
/** The last owner's file, and the other form of its proof. */
let held: StoredFile;
let combination: Combination;

beforeAll(async () => {
  await ready();
  groups = [];
  for (let i = 0; i < 3; i++) {
    owner = newTagger(random, 70);
    const tagged = tagFile(random, owner, [random(70), random(70)]);
    const challenge = challengeOf({ ...audit, file: tagged.file, due: null, ask: null });
    const rho = rhoOf({ ...audit, tagKeyId: owner.tagKey.tagKeyId });
    held = stored(tagged, challenge);
    const proof = await prove({ table: owner.table, rho, files: [held] });
    combination = await combine([held], owner.table.length);
    groups.push({ tagKey: owner.tagKey, files: [{ ...tagged, challenge }], proof });
  }
});

const holds = (answered: readonly AnsweredGroup[]) => verifyAnswer({ ...audit, groups: answered });
const moved = (group: AnsweredGroup, move: (sigma: G1) => G1): AnsweredGroup => {
  const proof = parts(group);
  return { ...group, proof: encoded({ ...proof, sigma: move(proof.sigma) }) };
};

describe('errors of two proofs', () => {
  it.each([
    [0, 1],
    [1, 2],
    [2, 0],
  ])('do not cancel, whichever groups they stand in: %i and %i', (one, other) => {
    expect(holds(groups)).toBe(true);
    const d = multiplyBase(5n);
    const shifted = groups.map((group, i) => {
      if (i === one) return moved(group, (sigma) => add1(sigma, d));
      return i === other ? moved(group, (sigma) => subtract1(sigma, d)) : group;
    });
    expect(holds(shifted)).toBe(false);
    expect(holds(groups.map((group, i) => (i === one ? (shifted[i] ?? group) : group)))).toBe(
      false,
    );
  });
});

describe('a combination', () => {
  it('holds for its own file and key, as many sectors as the key has, and for no other', () => {
    const files = groups[2]?.files ?? [];
    const check = (change: object) =>
      verifyEquation5({ ...owner, files, ...combination, ...change });
    expect(combination.combinedBlock).toHaveLength(32 * owner.table.length);
    expect(check({})).toBe(true);
    expect(check({ combinedBlock: flipped(combination.combinedBlock, 255) })).toBe(false);
    expect(check({ combinedBlock: combination.combinedBlock.slice(0, -32) })).toBe(false);
    expect(check({ files: groups[1]?.files })).toBe(false);
    expect(check({ tagKey: groups[1]?.tagKey })).toBe(false);
  });
});

describe('a proof that cannot be made', () => {
  const proofOf = (change: Partial<StoredFile>) => {
    const file = { ...held, ...change };
    return Promise.allSettled([
      prove({ table: owner.table, rho: 5n, files: [file] }),
      combine([file], owner.table.length),
    ]);
  };

  it('is of a stored tag that is no point, and the block is named', async () => {
    const tag = async (uid: number) => (uid === 1 ? new Uint8Array(TAG) : held.tag(uid));
    const reason = {
      code: 'TAG_INVALID',
      message: 'TAG_INVALID: the tag of block 1 is no point of the curve',
    };
    const outcomes = await proofOf({ tag });
    expect(outcomes).toMatchObject([{ reason }, { reason }]);
  });
  it('is of a challenge without a coefficient for each block: a fault of the caller', async () => {
    const challenge = { ...held.challenge, coefficients: held.challenge.coefficients.slice(1) };
    const reason = { message: 'bug: a coefficient for each block' };
    expect(await proofOf({ challenge })).toMatchObject([{ reason }, { reason }]);
  });
});

describe('an opening at the identity', () => {
  it('is one, and opens blocks of one sector alone', () => {
    const psi = Uint8Array.of(0xc0, ...new Uint8Array(47));
    const [group] = groups;
    const proof = concat(group?.proof.slice(0, 80) ?? psi, psi);
    expect(holds(groups.map((it, i) => (i === 0 ? { ...it, proof } : it)))).toBe(false);
  });
});

describe('bytes that are no proof', () => {
  const refused = (proof: Uint8Array) =>
    refusalOf(() => holds(groups.map((group, i) => (i === 1 ? { ...group, proof } : group))));

  it.each([0, 127, 129])('are refused by their length, %i', (length) => {
    expect(refused(new Uint8Array(length)).message).toBe(
      `PROOF_INVALID: /groups/1/proof: ${length} bytes, expected 128`,
    );
  });
  it('are refused for what is wrong with them, which is kept as the cause', () => {
    const refusal = refused(new Uint8Array(128));
    const pointer = '/groups/1/proof';
    expect(refusal).toMatchObject({ pointer, cause: { code: 'INPUT_INVALID' } });
    expect(refusal.message).toBe(`PROOF_INVALID: ${pointer}: point of G1: not on the curve`);
  });
  it('are no combination of blocks either where a sector is cut, or there are more than the key has', () => {
    const check = (combinedBlock: Uint8Array, combinedTag = combination.combinedTag) =>
      refusalOf(() => verifyEquation5({ ...owner, files: [], combinedTag, combinedBlock })).message;
    for (const length of [1, 31, 33, 32 * 4]) {
      expect(check(new Uint8Array(length))).toBe(`PROOF_INVALID: /combinedBlock: ${length} bytes`);
    }
    expect(check(new Uint8Array(32 * 3).fill(0xff))).toContain('/combinedBlock: scalar');
    expect(check(new Uint8Array(32 * 3), new Uint8Array(48))).toBe(
      'PROOF_INVALID: /combinedTag: point of G1: not on the curve',
    );
  });
});
