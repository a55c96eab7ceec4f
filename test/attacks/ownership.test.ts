/** What who never had the bytes could bring to be taken for an owner of them. */
import { hex, integer, lengthPrefixed } from '@holdfast/protocol/bytes.js';
import { coefficient } from '@holdfast/protocol/challenge.js';
import { byteStream, transcript } from '@holdfast/protocol/hash.js';
import { newDotProduct } from '@holdfast/protocol/kernel.js';
import { newOwnershipClaim } from '@holdfast/protocol/ownership.js';
import type * as ownership from '@holdfast/protocol/ownership.js';
import { encodeScalar, modulo } from '@holdfast/protocol/scalar.js';
import { powers } from '@holdfast/protocol/tag-key.js';
import { finishTags, sectorsOf } from '@holdfast/protocol/tag.js';
import { attack, outcomeOf } from '../support/attack.ts';
import { BLOCK, newAuditStage, type AuditStage } from '../support/attack-audit.ts';
import { variantOf } from '../support/attack-variant.ts';
import { seededRandom } from '../support/property.ts';
import { newTagger, type TaggedFile } from '../support/tagged-files.ts';

const SECTORS = sectorsOf(BLOCK);
const OBJECT = { nonce: integer(1n, 32), claimerId: integer(2n, 32), objectId: integer(3n, 36) };
attack({
  id: 'row 10',
  attack: 'who never had the bytes claims them with an accomplice’s 32 bytes a block',
  defence: 'a point of evaluation from the provider’s nonce',
  defended: () => newOwnershipClaim,
  undefended: async () =>
    (
      await variantOf<typeof ownership>('protocol/src/ownership.ts', {
        file: 'protocol/src/ownership.ts',
        from: "toScalar(byteStream(transcript('ownership-rho', ...fields))(48))",
        to: "toScalar(byteStream(transcript('ownership-rho', ...fields))(48)) * 0n + 1n",
      })
    ).newOwnershipClaim,
  run(newClaim) {
    const random = seededRandom();
    const blocks = Array.from({ length: 20 }, () => random(BLOCK));
    // all that the accomplice ever sends: the sum of each block's sectors
    const sum = newDotProduct(powers(1n, SECTORS));
    const sent = blocks.map(sum);
    const take = byteStream(
      transcript('ownership', OBJECT.nonce, OBJECT.claimerId, lengthPrefixed(OBJECT.objectId)),
    );
    const claimed = encodeScalar(modulo(sent.reduce((all, s) => all + coefficient(take) * s, 0n)));
    const expected = newClaim({ ...OBJECT, sectors: SECTORS });
    for (const block of blocks) expected.add(block);
    return outcomeOf(hex(expected.finish()) === hex(claimed), 'claim granted', 'claim refused');
  },
});

/** How a provider decides that a claimer has the bytes it holds. */
type Decide = (stage: AuditStage, claim: Claim) => Promise<boolean>;
interface Claim {
  readonly claimer: ReturnType<typeof newTagger>;
  readonly upload: TaggedFile;
  readonly value: Uint8Array;
}

attack<Decide>({
  id: 'row 10',
  attack: 'who never had the bytes brings valid tags of them under its own key',
  defence: 'a claim of ownership, not tags, before an upload is skipped',
  defended:
    () =>
    async (stage, { value }) => {
      const expected = newOwnershipClaim({ ...OBJECT, sectors: SECTORS });
      for (const block of stage.hers.blocks) expected.add(block);
      return hex(expected.finish()) === hex(value);
    },
  undefended:
    () =>
    (stage, { upload, claimer }) =>
      stage.isTaken(upload, claimer),
  async run(decide) {
    const stage = await newAuditStage();
    const { random, hers } = stage;
    const claimer = newTagger(random, BLOCK);
    const accomplice = newDotProduct(powers(claimer.key.alpha, SECTORS));
    const sums = hers.blocks.map((block) => encodeScalar(accomplice(block)));
    const session = { ...hers.session, fileId: random(32) };
    const upload = { ...hers, session, tags: [finishTags(sums, session, claimer.key)] };
    // the best it can do for a claim: the same sums in the place of blocks
    const claim = newOwnershipClaim({ ...OBJECT, sectors: SECTORS });
    for (const one of sums) claim.add(one.slice(1));
    const granted = await decide(stage, { claimer, upload, value: claim.finish() });
    return outcomeOf(granted, 'upload skipped', 'claim refused');
  },
});
