/**
 * Keys made from another owner's key (constructions, section 0, row 2). The ledger refuses them for want of proofs of
 * possession, see tag-key.test.ts; here they are on it nevertheless, and the form of the answer must hold alone.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bls12_381 } from '@noble/curves/bls12-381';
import { challengeOf, rhoOf, type Challenge } from '@holdfast/protocol/audit.js';
import { base64url, fromBase64url, hex } from '@holdfast/protocol/bytes.js';
import {
  add1,
  BASE_2,
  decodeG2,
  multiply1,
  multiplyBase,
  negate1,
  pairingsAreOne,
  ready,
  subtract1,
  zero1,
  type G1,
  type G2,
} from '@holdfast/protocol/curve.js';
import { inverse, toScalar } from '@holdfast/protocol/scalar.js';
import { verifyAnswer, type AnsweredGroup } from '@holdfast/protocol/proof.js';
import { newSecret } from '@holdfast/protocol/signature.js';
import { encoded, keys, messagesOf, opened } from '../support/proof-parts.ts';
import { seededRandom } from '../support/property.ts';
import {
  CHANNEL,
  newTagger,
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

describe('a rogue key, with the data and tags of another owner gone', () => {
  /** One sigma summed over all owners, and keys nobody proved: the defence off. */
  const holdsAggregated = (sigma: G1, claims: readonly { keys: [G2, G2]; P: G1; psi: G1 }[]) =>
    pairingsAreOne([
      [negate1(sigma), decodeG2(BASE_2)],
      ...claims.flatMap(({ keys: [X, Xa], P, psi }): [G1, G2][] => [
        [P, X],
        [psi, Xa],
      ]),
    ]);
  const Point2 = bls12_381.G2.ProjectivePoint;
  type Point2 = InstanceType<typeof Point2>;
  const theirs = (text: string): Point2 => Point2.fromHex(fromBase64url(text));
  const ours = (point: Point2): G2 => decodeG2(point.toRawBytes(true));
  const times = (k: bigint) => Point2.BASE.multiply(k);
  const hashed = () => messagesOf(hers, challengeOfFile(hers));

  it('X_B = g2^b / X_A: passes in aggregate, not with a proof an owner', () => {
    const [b, alpha] = [newSecret(random), newSecret(random)];
    const rogue = times(b).subtract(theirs(alice.tagKey.x));
    const rogueAlpha = rogue.multiply(alpha);
    // Nothing of Alice's is used but her public key: y is any, psi the identity.
    const y = toScalar(random(48));
    const claimA = { keys: keys(alice), P: add1(hashed(), multiplyBase(y)), psi: zero1() };
    // P_B must equal P_A up to psi_B, which cancels it: M_B psi_B^(alpha - rho) = P_A.
    const messageB = messagesOf(his, challengeOfFile(his));
    const rogueKey = {
      ...bob.tagKey,
      x: base64url(rogue.toRawBytes(true)),
      xAlpha: base64url(rogueAlpha.toRawBytes(true)),
    };
    const rho = rhoOf({ ...audit, tagKeyId: rogueKey.tagKeyId });
    const psi = multiply1(subtract1(claimA.P, messageB), inverse(alpha - rho));
    const P = opened(messageB, { y: 0n, psi }, rho);
    const sigma = multiply1(claimA.P, b);
    const claimB = { keys: [ours(rogue), ours(rogueAlpha)] as [G2, G2], P, psi };
    expect(holdsAggregated(sigma, [claimA, claimB])).toBe(true);

    // A proof an owner: sigma is split at will, the weights do not follow.
    const part = multiplyBase(toScalar(random(48)));
    const split: [G1, G1] = [subtract1(sigma, part), part];
    const groups = [
      group(alice, hers, encoded({ sigma: split[0], y, psi: zero1() })),
      {
        ...group(bob, his, encoded({ sigma: split[1], y: 0n, psi })),
        tagKey: rogueKey,
      },
    ];
    expect(verifyAnswer({ ...audit, groups })).toBe(false);
  });

  it("X'_B = X_A, x_B known: passes in aggregate, not with a proof an owner", () => {
    const b = newSecret(random);
    const y = toScalar(random(48));
    const claimA = { keys: keys(alice), P: add1(hashed(), multiplyBase(y)), psi: zero1() };
    // psi_B = P_A^-1 cancels e(P_A, X_A).
    const psi = negate1(claimA.P);
    const rho = rhoFor(bob);
    const P = opened(messagesOf(his, challengeOfFile(his)), { y: 0n, psi }, rho);
    const sigma = multiply1(P, b);
    const [X_A] = keys(alice);
    const claimB = { keys: [ours(times(b)), X_A] as [G2, G2], P, psi };
    expect(holdsAggregated(sigma, [claimA, claimB])).toBe(true);

    const part = multiplyBase(toScalar(random(48)));
    const x = base64url(times(b).toRawBytes(true));
    const rogueKey = { ...bob.tagKey, x, xAlpha: alice.tagKey.x };
    const groups = [
      group(alice, hers, encoded({ sigma: subtract1(sigma, part), y, psi: zero1() })),
      { ...group(bob, his, encoded({ sigma: part, y: 0n, psi })), tagKey: rogueKey },
    ];
    expect(verifyAnswer({ ...audit, groups })).toBe(false);
  });
});
