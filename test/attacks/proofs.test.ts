/** False proofs: what a provider that has lost blocks could send to be found intact all the same. */
import { toInteger, u32be } from '@holdfast/protocol/bytes.js';
import { add1, multiply1, multiplyBase, subtract1 } from '@holdfast/protocol/curve.js';
import { transcript } from '@holdfast/protocol/hash.js';
import { encodeScalar, inverse, ORDER, toScalar } from '@holdfast/protocol/scalar.js';
import { attack, outcomeOf } from '../support/attack.ts';
import { newAuditStage, type AuditStage } from '../support/attack-audit.ts';
import { auditWithout } from '../support/attack-stages.ts';
import { encoded, parts } from '../support/proof-parts.ts';
import { flipped } from '../support/tamper.ts';

/** Proofs off by d / w_0 and -d / w_1. */
async function cancelling(stage: AuditStage, [w0 = 1n, w1 = 1n]: readonly bigint[]) {
  const { random, alice, bob, hers, his, groupOf, proofOf } = stage;
  const d = multiplyBase(toScalar(random(48)));
  const one = parts(groupOf(alice, hers, await proofOf(alice, hers)));
  const two = parts(groupOf(bob, his, await proofOf(bob, his)));
  const sigmas = [
    add1(one.sigma, multiply1(d, inverse(w0))),
    subtract1(two.sigma, multiply1(d, inverse(w1))),
  ] as const;
  return [
    groupOf(alice, hers, encoded({ ...one, sigma: sigmas[0] })),
    groupOf(bob, his, encoded({ ...two, sigma: sigmas[1] })),
  ];
}

const WEIGHTS = [
  {
    attack: 'two false proofs cancel in one answer, its weights known from the beacon',
    change: {
      file: 'protocol/src/proof.ts',
      from: '    ...groups.map(({ proof }) => proof),\n',
      to: '',
    },
    /** As section 1.4 has them, but hashed from the challenges alone. */
    weightsOf: ({ hers, his, challengeOfFile }: AuditStage): bigint[] => {
      const seeds = [hers, his].map((tagged) => challengeOfFile(tagged).seed);
      const all = transcript('proofs', ...seeds);
      return [1n, toInteger(transcript('weight', all, u32be(1)).slice(0, 16))];
    },
  },
  {
    attack: 'two false proofs cancel in one answer without weights',
    change: {
      file: 'protocol/src/proof.ts',
      from: "index === 0 ? 1n : toInteger(transcript('weight', all, u32be(index)).slice(0, 16))",
      to: 'all.length === index ? 0n : 1n',
    },
    weightsOf: () => [1n, 1n],
  },
];
for (const { attack: aim, change, weightsOf } of WEIGHTS) {
  attack({
    id: 'row 1',
    attack: aim,
    defence: 'weights hashed from the proof bytes',
    defended: () => newAuditStage(),
    undefended: () => auditWithout([change]),
    async run(stage) {
      const groups = await cancelling(stage, weightsOf(stage));
      for (const alone of groups) {
        if (stage.isIntact([alone])) throw new Error('bug: neither proof is a true one');
      }
      return outcomeOf(stage.isIntact(groups), '2 false proofs: intact', 'PROOF_INVALID');
    },
  });
}

attack({
  id: 'row 12',
  attack: 'a file of 31 bytes convicts its honest provider: its psi is the identity',
  defence: 'psi may be the identity',
  defended: () => newAuditStage({ blockCount: 1, blockLength: 31 }),
  undefended: () =>
    auditWithout(
      [
        {
          file: 'protocol/src/proof.ts',
          from: 'psi: decodeG1(proof.subarray(80), { infinity: true })',
          to: 'psi: decodeG1(proof.subarray(80))',
        },
      ],
      { blockCount: 1, blockLength: 31 },
    ),
  async run({ alice, hers, proofOf, groupOf, isIntact }) {
    const honest = groupOf(alice, hers, await proofOf(alice, hers));
    return outcomeOf(!isIntact([honest]), 'honest proof refused', 'intact');
  },
});

attack({
  id: 'T17',
  attack: 'one proof has a second spelling, or a bit of it changed',
  defence: 'scalars below the order only',
  defended: () => newAuditStage(),
  undefended: () =>
    auditWithout([
      {
        file: 'protocol/src/scalar.ts',
        from: 'bytes.length !== 32 || scalar >= ORDER',
        to: 'bytes.length !== 32',
      },
    ]),
  async run({ alice, hers, proofOf, groupOf, isIntact }) {
    const proof = await proofOf(alice, hers);
    const y = toInteger(proof.slice(48, 80));
    const otherwise = encodeScalar(y + ORDER);
    const respelled = Uint8Array.of(...proof.slice(0, 48), ...otherwise, ...proof.slice(80));
    const flips = Array.from({ length: 24 }, (_, i) => flipped(proof, 43 * i));
    const taken = [respelled, ...flips].filter((one) => isIntact([groupOf(alice, hers, one)]));
    return outcomeOf(taken.length > 0, `${taken.length} of 25 intact`, '0 of 25 intact');
  },
});

attack({
  id: 'T18',
  attack: 'a provider answers for a lost block with another one and its tag',
  defence: 'the block id in W',
  defended: () => newAuditStage(),
  undefended: () =>
    auditWithout([
      {
        file: 'protocol/src/tag.ts',
        from: 'fileId, u64be(uid), nonce, u64be(taggedAt))',
        to: 'fileId, u64be(0 * uid), nonce, u64be(taggedAt))',
      },
    ]),
  async run({ alice, hers, his, challengeOfFile, proofOf, groupOf, isIntact }) {
    const { blocks, tags } = hers;
    const [lost = 0] = challengeOfFile(hers).uids;
    const others = [...blocks.keys()].filter((other) => other !== lost);
    let taken = 0;
    for (const other of others) {
      const held = {
        blocks: blocks.map((block, uid) => (uid === lost ? (blocks[other] ?? block) : block)),
        tags: tags.map((tag, uid) => (uid === lost ? (tags[other] ?? tag) : tag)),
      };
      if (isIntact([groupOf(alice, hers, await proofOf(alice, hers, held))])) taken++;
    }
    const ofAnother = groupOf(alice, hers, await proofOf(alice, hers, his));
    if (isIntact([ofAnother])) throw new Error('bug: blocks of another owner');
    return outcomeOf(
      taken > 0,
      `${taken} of ${others.length} intact`,
      `0 of ${others.length} intact`,
    );
  },
});

attack({
  id: 'T19',
  attack: 'a provider sends the proof of an earlier audit again, its blocks gone since',
  defence: 'challenge and rho from the beacon of the epoch',
  defended: () => newAuditStage(),
  undefended: () =>
    auditWithout([
      {
        file: 'protocol/src/audit.ts',
        from: 'u64be(epoch),\n    fromHex(beacon),\n    fromHex(file.fileId),',
        to: 'fromHex(file.fileId),',
      },
      {
        file: 'protocol/src/audit.ts',
        from: 'u64be(epoch),\n    fromHex(beacon),\n    lengthPrefixed(providerId),',
        to: 'lengthPrefixed(providerId),',
      },
    ]),
  async run({ alice, hers, later, proofOf, groupOf, isIntact }) {
    const old = await proofOf(alice, hers);
    const replayed = groupOf(alice, hers, old, later);
    return outcomeOf(isIntact([replayed], later), 'old proof: intact', 'PROOF_INVALID');
  },
});
