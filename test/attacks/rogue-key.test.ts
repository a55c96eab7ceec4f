/**
 * Keys made from another owner's key, with her data and tags gone. Two defences, each of which suffices: the ledger takes
 * no key without proofs of possession of both its halves, and an answer has a proof for each key.
 */
import { bls12_381 } from '@noble/curves/bls12-381';
import {
  base64url,
  concat,
  fromBase64url,
  fromHex,
  lengthPrefixed,
  u32be,
  utf8,
} from '@holdfast/protocol/bytes.js';
import {
  add1,
  multiply1,
  multiplyBase,
  negate1,
  subtract1,
  zero1,
} from '@holdfast/protocol/curve.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { DST } from '@holdfast/protocol/labels.js';
import { inverse, modulo, toScalar } from '@holdfast/protocol/scalar.js';
import { newSecret, sign } from '@holdfast/protocol/signature.js';
import { newTagKeyRecord, type AnnouncedTagKey } from '@holdfast/protocol/tag-key.js';
import { attack, failure, outcomeOf, type Outcome } from '../support/attack.ts';
import type { AuditStage } from '../support/attack-audit.ts';
import { auditWithout } from '../support/attack-stages.ts';
import { encoded, messagesOf, opened } from '../support/proof-parts.ts';
import { CHANNEL, type Tagger } from '../support/tagged-files.ts';

const Point2 = bls12_381.G2.ProjectivePoint;
type Point2 = InstanceType<typeof Point2>;
const point = (text: string): Point2 => Point2.fromHex(fromBase64url(text));
const text = (of: Point2): string => base64url(of.toRawBytes(true));
const times = (k: bigint): Point2 => Point2.BASE.multiply(k);

/** With all weights 1 the sum of the proofs is what counts: one sigma for all owners. */
const AGGREGATED = {
  file: 'protocol/src/proof.ts',
  from: "index === 0 ? 1n : toInteger(transcript('weight', all, u32be(index)).slice(0, 16))",
  to: 'all.length === index ? 0n : 1n',
};
const NO_POSSESSION = {
  file: 'protocol/src/tag-key.ts',
  from: "if (!holds) throw keyInvalid(pointer, 'the proof of possession does not hold');",
  to: 'void holds;',
};
const X_ALONE = {
  file: 'protocol/src/tag-key.ts',
  from: `  requirePossession(
    '/tagKey/possessionXAlpha',
    xAlpha,
    tagKey.possessionXAlpha,
    possessionMessage('xa', context),
  );
`,
  to: '',
};

/** What an owner who knows the secrets can announce, with X and X' as it likes: the best proofs there are. */
function announced(
  owner: Tagger,
  secrets: { readonly x: bigint; readonly alpha: bigint },
  rogue: { readonly x: string; readonly xAlpha: string },
): AnnouncedTagKey {
  const { ownerId } = owner.tagKey;
  const honest = newTagKeyRecord(secrets, owner.bytes, { channel: CHANNEL, ownerId }).tagKey;
  const context = concat(
    lengthPrefixed(CHANNEL),
    fromHex(ownerId),
    fromBase64url(rogue.x),
    fromBase64url(rogue.xAlpha),
    fromHex(honest.tableDigest),
    u32be(honest.sectorsMax),
  );
  const proof = (prefix: string, secret: bigint) =>
    base64url(sign(secret, concat(utf8(prefix), context), DST.possession));
  return {
    ...honest,
    ...rogue,
    possessionX: proof('x', secrets.x),
    possessionXAlpha: proof('xa', modulo(secrets.x * secrets.alpha)),
  };
}

/** Announces the key and answers for both owners; `forge` makes the answers. */
function answerForBoth(
  stage: AuditStage,
  tagKey: AnnouncedTagKey,
  [herProof, hisProof]: readonly [Uint8Array, Uint8Array],
): Outcome {
  const { alice, bob, hers, his, groupOf, isIntact, verifyTagKey } = stage;
  const { ownerId, tagKeyId } = bob.tagKey;
  try {
    verifyTagKey({ channel: CHANNEL, ownerId, tagKey });
  } catch (problem) {
    if (problem instanceof HoldfastError) return failure(`key refused: ${problem.code}`);
    throw problem;
  }
  const his2 = groupOf(bob, his, hisProof);
  const rogue = { ...his2, tagKey: { tagKeyId, x: tagKey.x, xAlpha: tagKey.xAlpha } };
  const isForged = isIntact([groupOf(alice, hers, herProof), rogue]);
  return outcomeOf(isForged, 'her file: intact', 'PROOF_INVALID');
}

/** X_B = g2^b / X_A: nothing of hers is used but her public key. */
function fromHerKey(stage: AuditStage): Outcome {
  const { random, audit, alice, bob, hers, his, challengeOfFile, rhoFor } = stage;
  const [b, alpha] = [newSecret(random), newSecret(random)];
  const x = times(b).subtract(point(alice.tagKey.x));
  const y = toScalar(random(48));
  const herP = add1(messagesOf(hers, challengeOfFile(hers)), multiplyBase(y));
  // P_B must equal P_A up to psi_B, which cancels it: M_B psi_B^(alpha - rho) = P_A
  const messageB = messagesOf(his, challengeOfFile(his));
  const psi = multiply1(subtract1(herP, messageB), inverse(alpha - rhoFor(bob, audit)));
  const sigma = multiply1(herP, b);
  // the sum is split at will: weights do not follow
  const part = multiplyBase(toScalar(random(48)));
  const rogue = { x: text(x), xAlpha: text(x.multiply(alpha)) };
  return answerForBoth(stage, announced(bob, { x: b, alpha }, rogue), [
    encoded({ sigma: subtract1(sigma, part), y, psi: zero1() }),
    encoded({ sigma: part, y: 0n, psi }),
  ]);
}

/** X'_B = X_A, x_B known: psi_B = P_A^-1 cancels e(P_A, X_A). */
function fromHerKeyAsAlpha(stage: AuditStage): Outcome {
  const { random, alice, bob, hers, his, challengeOfFile, rhoFor } = stage;
  const [b, alpha] = [newSecret(random), newSecret(random)];
  const y = toScalar(random(48));
  const psi = negate1(add1(messagesOf(hers, challengeOfFile(hers)), multiplyBase(y)));
  const messageB = messagesOf(his, challengeOfFile(his));
  const sigma = multiply1(opened(messageB, { y: 0n, psi }, rhoFor(bob)), b);
  const part = multiplyBase(toScalar(random(48)));
  const rogue = { x: text(times(b)), xAlpha: alice.tagKey.x };
  return answerForBoth(stage, announced(bob, { x: b, alpha }, rogue), [
    encoded({ sigma: subtract1(sigma, part), y, psi: zero1() }),
    encoded({ sigma: part, y: 0n, psi }),
  ]);
}

const ROGUES = [
  {
    words: 'X_B = g2^b / X_A',
    run: fromHerKey,
    possession: 'proofs of possession',
    without: NO_POSSESSION,
  },
  {
    words: "X'_B = X_A, with x_B known",
    run: fromHerKeyAsAlpha,
    possession: "a proof of possession of X' too",
    without: X_ALONE,
  },
];
for (const { words, run, possession, without } of ROGUES) {
  attack({
    id: 'row 2',
    attack: `${words} answers for her lost file, one sigma for all`,
    defence: possession,
    defended: () => auditWithout([AGGREGATED]),
    undefended: () => auditWithout([AGGREGATED, without]),
    run,
  });
  attack({
    id: 'row 2',
    attack: `${words} answers for her lost file, though the ledger has taken it`,
    defence: 'a proof for each key, weighted',
    defended: () => auditWithout([without]),
    undefended: () => auditWithout([AGGREGATED, without]),
    run,
  });
}
