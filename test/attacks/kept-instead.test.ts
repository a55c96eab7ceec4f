/** What a provider could keep instead of blocks, and what owners could tag falsely. */
import { createHash } from 'node:crypto';
import { concat, integer } from '@holdfast/protocol/bytes.js';
import { expandChallenge, sampleSize } from '@holdfast/protocol/challenge.js';
import type * as challenges from '@holdfast/protocol/challenge.js';
import { tagNonce } from '@holdfast/protocol/content-keys.js';
import type * as contentKeys from '@holdfast/protocol/content-keys.js';
import {
  add1,
  BASE_1,
  decodeG1,
  encodeG1,
  multiply1,
  multiplyBase,
  multiScalar,
  subtract1,
  zero1,
  type G1,
} from '@holdfast/protocol/curve.js';
import { newBlockSum, newDotProduct } from '@holdfast/protocol/kernel.js';
import { DST } from '@holdfast/protocol/labels.js';
import type * as labels from '@holdfast/protocol/labels.js';
import { pointsOf } from '@holdfast/protocol/point-row.js';
import { encodeScalar, modulo, ORDER, toScalar } from '@holdfast/protocol/scalar.js';
import { sign } from '@holdfast/protocol/signature.js';
import { powers } from '@holdfast/protocol/tag-key.js';
import { finishTags, sectorsOf, tagMessage } from '@holdfast/protocol/tag.js';
import { attack, outcomeOf } from '../support/attack.ts';
import { BLOCK, newAuditStage, type AuditStage } from '../support/attack-audit.ts';
import { auditWithout } from '../support/attack-stages.ts';
import { variantOf } from '../support/attack-variant.ts';
import { cofactorPoint } from '../support/cofactor-point.ts';
import { encoded, parts, tagsOf } from '../support/proof-parts.ts';
import { seededRandom } from '../support/property.ts';
import type { TaggedFile } from '../support/tagged-files.ts';

const SECTORS = sectorsOf(BLOCK);
const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

attack({
  id: 'T16',
  attack: 'a provider keeps the hash of each block and its tag, 80 bytes',
  defence: 'tags and proofs over the sectors of the block',
  defended: () => newAuditStage(),
  undefended: () => newAuditStage({ proved: sha256 }),
  async run({ alice, hers, proofOf, groupOf, isIntact }) {
    // blocks of 32 bytes are the hashes that paper 003 proves
    const kept = hers.blocks.map((block) => (block.length === 32 ? block : sha256(block)));
    const proof = await proofOf(alice, hers, { blocks: kept, tags: hers.tags });
    return outcomeOf(isIntact([groupOf(alice, hers, proof)]), 'data gone: intact', 'PROOF_INVALID');
  },
});

attack({
  id: 'T19',
  attack: 'a provider that knows rho when it stores keeps 80 bytes a block',
  defence: 'rho from a beacon later than the registration',
  defended: () => newAuditStage(),
  undefended: () =>
    auditWithout([
      {
        file: 'protocol/src/audit.ts',
        from: 'u64be(epoch),\n    fromHex(beacon),\n    lengthPrefixed(providerId),',
        to: 'lengthPrefixed(providerId),',
      },
    ]),
  run({ alice, hers, later, rhoFor, challengeOfFile, groupOf, isIntact }) {
    // when it stores, it knows the beacon of then: it keeps y_i = f_i(rho) and psi_i
    const rho = rhoFor(alice);
    const kept = hers.blocks.map((block) => {
      const sum = newBlockSum(SECTORS);
      sum.add(block, 1n);
      const quotient: bigint[] = [];
      const y = sum.sums().reduceRight((above, m, j) => {
        if (j < SECTORS - 1) quotient.unshift(above);
        return (m + above * rho) % ORDER;
      }, 0n);
      return { y, psi: multiScalar(pointsOf(alice.table, 0, quotient.length), quotient) };
    });
    const challenge = challengeOfFile(hers, later);
    const chosen = challenge.uids.map((uid) => kept[uid] ?? { y: 0n, psi: zero1() });
    const sum = chosen.reduce((all, { y }, i) => all + (challenge.coefficients[i] ?? 0n) * y, 0n);
    const psis = chosen.map(({ psi }) => psi);
    const answer = encoded({
      sigma: tagsOf(hers, challenge),
      y: modulo(sum),
      psi: multiScalar(psis, challenge.coefficients),
    });
    const isForged = isIntact([groupOf(alice, hers, answer, later)], later);
    return outcomeOf(isForged, 'data gone: intact', 'PROOF_INVALID');
  },
});

attack({
  id: 'T15',
  attack: 'a provider that has lost 2 of 200 blocks is found intact, 300 audits',
  defence: 'samples that meet 1 % with 99 %',
  defended: () => sampleSize,
  undefended: async () =>
    (
      await variantOf<typeof challenges>('protocol/src/challenge.ts', {
        file: 'protocol/src/challenge.ts',
        from: '100n * missed > all && sampled',
        to: 'sampled < 10 && sampled',
      })
    ).sampleSize,
  run(sizeOf) {
    const random = seededRandom();
    let passed = 0;
    for (let audit = 0; audit < 300; audit++) {
      const { ranks } = expandChallenge(random(32), 200, sizeOf(200));
      if (!ranks.includes(17) && !ranks.includes(120)) passed++;
    }
    // 1 % of 300 is 3, and 3 sigma are 5.2
    return outcomeOf(passed > 8, `passes ${passed} of 300`, `passes ${passed} of 300`);
  },
});

/** The tags of 2g - f from those of f and g: sigma_g * (sigma_g / sigma_f). */
const extrapolated = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const [f, g] = [decodeG1(first), decodeG1(second)];
  return encodeG1(add1(g, subtract1(g, f)));
};
const number = (value: number): Uint8Array => integer(BigInt(value), 31);

attack({
  id: 'T17',
  attack: 'two uploads of one file under one W give a tag of any third content',
  defence: 'a nonce that follows the content',
  defended: () => tagNonce,
  undefended: async () =>
    (
      await variantOf<typeof contentKeys>('protocol/src/content-keys.ts', {
        file: 'protocol/src/content-keys.ts',
        from: 'platform.hmac(nonceKey, ...fields)',
        to: 'platform.hmac(nonceKey, ...fields.slice(0, 2))',
      })
    ).tagNonce,
  async run(nonceOf) {
    const { alice, isTaken, hers } = await newAuditStage();
    const tagged = (content: Uint8Array): TaggedFile => {
      const layout = { blockSize: BLOCK, paddedSize: 64, firstUid: 0 };
      const { fileId } = hers.session;
      const tau = sha256(content);
      const nonce = nonceOf(new Uint8Array(32), { ...layout, fileId, tau, oprfSetId: tau });
      const session = { ...hers.session, nonce };
      const sum = newDotProduct(powers(alice.key.alpha, SECTORS));
      const sums = [encodeScalar(sum(content))];
      return { ...hers, session, blocks: [content], tags: [finishTags(sums, session, alice.key)] };
    };
    const [one, two] = [tagged(number(10)), tagged(number(13))];
    const forged = extrapolated(concat(...one.tags), concat(...two.tags));
    const third = { ...two, blocks: [number(16)], tags: [forged] };
    return outcomeOf(await isTaken(third), 'forged tag taken', 'forged tag refused');
  },
});

attack({
  id: 'row 15',
  attack: 'a proof of possession of x over a chosen message gives tags of any content',
  defence: 'a domain of its own for proofs of possession',
  defended: () => DST,
  undefended: async () =>
    (
      await variantOf<typeof labels>('protocol/src/labels.ts', {
        file: 'protocol/src/labels.ts',
        from: "possession: 'HOLDFAST-V1-POP-",
        to: "possession: 'HOLDFAST-V1-TAG-",
      })
    ).DST,
  async run({ possession }) {
    const { alice, hers, isTaken } = await newAuditStage();
    const { fileId, firstUid, nonce, taggedAt } = hers.session;
    // whoever asks for the proof chooses a part of its message: all of W, for an attacker
    const proof = sign(alice.key.x, tagMessage(fileId, firstUid, nonce, taggedAt), possession);
    const tagOf = (content: Uint8Array) => {
      const sum = newDotProduct(powers(alice.key.alpha, SECTORS));
      return finishTags([encodeScalar(sum(content))], hers.session, alice.key);
    };
    const zeros = { ...hers, blocks: [new Uint8Array(BLOCK)], tags: [proof] };
    // with one honest tag: sigma / H(W)^x = g1^(x S), and any multiple of it tags that of the content
    const ten = subtract1(decodeG1(tagOf(number(10))), decodeG1(proof));
    const forged = encodeG1(add1(decodeG1(proof), multiply1(ten, 7n)));
    const seventy = { ...hers, blocks: [number(70)], tags: [forged] };
    const taken = [await isTaken(zeros), await isTaken(seventy)];
    return outcomeOf(taken.every(Boolean), '2 forged tags taken', '2 forged tags refused');
  },
});

attack<{ readonly stage: AuditStage; readonly published: readonly G1[] }>({
  id: 'row 15',
  attack: 'g1^x, were it published, would prove any value',
  defence: 'X in G2 only; of G1 the table and two proofs of possession',
  defended: async () => {
    const stage = await newAuditStage();
    return { stage, published: pointsOf(stage.alice.table) };
  },
  undefended: async () => {
    const stage = await newAuditStage();
    return { stage, published: [multiplyBase(stage.alice.key.x)] };
  },
  async run({ stage: { random, alice, hers, proofOf, groupOf, isIntact }, published }) {
    const honest = parts(groupOf(alice, hers, await proofOf(alice, hers)));
    const d = toScalar(random(48));
    const forged = published.filter((point) => {
      const sigma = add1(honest.sigma, multiply1(point, d));
      const proof = encoded({ ...honest, y: modulo(honest.y + d), sigma });
      return isIntact([groupOf(alice, hers, proof)]);
    });
    return outcomeOf(forged.length > 0, 'another value: intact', 'PROOF_INVALID');
  },
});

const PROJECTION = {
  file: 'protocol/src/curve.ts',
  from: 'return multiply1(multiScalar([point], [COFACTOR]), inverse(COFACTOR));',
  to: 'return multiScalar([point], [COFACTOR - COFACTOR + 1n]);',
};
attack({
  id: 'row 11',
  attack: 'tags with a cofactor point pass intake and make the honest proof undecodable',
  defence: 'the prover projects what it sums up',
  defended: () => newAuditStage(),
  undefended: () => auditWithout([PROJECTION]),
  async run({ alice, hers, isTaken, proofOf, groupOf, isIntact }) {
    const [first = BASE_1] = hers.tags;
    const odd = encodeG1(add1(decodeG1(first), cofactorPoint()));
    // every block is in the challenge of six, five of them surely
    const tags = hers.tags.map((tag, i) => (i === 0 ? odd : tag));
    const all = tags.map((tag) =>
      encodeG1(add1(decodeG1(tag, { anyOrder: true }), cofactorPoint())),
    );
    const upload = { ...hers, tags: all };
    if (!(await isTaken(upload))) throw new Error('bug: intake knows no orders');
    const proof = await proofOf(alice, hers, upload);
    const isFramed = !isIntact([groupOf(alice, hers, proof)]);
    return outcomeOf(isFramed, 'honest provider framed', 'intact');
  },
});

attack({
  id: 'T31',
  attack: 'an owner uploads one false tag, to accuse its provider later',
  defence: 'intake checks every tag before it signs',
  defended: () => newAuditStage(),
  undefended: () =>
    auditWithout([
      {
        file: 'protocol/src/intake.ts',
        from: 'return pairingsAreOne([',
        to: 'return [] === undefined || !!([',
      },
    ]),
  async run({ alice, hers, isTaken, proofOf, groupOf, isIntact, challengeOfFile }) {
    const [bad = 0] = challengeOfFile(hers).uids;
    const other = hers.tags.at(bad - 1) ?? BASE_1;
    const upload = { ...hers, tags: hers.tags.map((tag, uid) => (uid === bad ? other : tag)) };
    if (!(await isTaken(upload))) return outcomeOf(false, '', 'upload refused');
    const proof = await proofOf(alice, hers, upload);
    const isFramed = !isIntact([groupOf(alice, hers, proof)]);
    return outcomeOf(isFramed, 'taken; honest proof refused', 'intact');
  },
});
