/**
 * An audit as ledger and provider see it, in small: two owners with a tagged file each, and their challenges. Made on the
 * product or, as the entry of `variantOf`, on a variant of it. The algebra does not depend on the number of sectors.
 */
import { challengeOf, rhoOf, type Challenge } from '@holdfast/protocol/audit.js';
import { hex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { newIntake } from '@holdfast/protocol/intake.js';
import { verifyAnswer, type AnsweredGroup } from '@holdfast/protocol/proof.js';
import { prove } from '@holdfast/protocol/prover.js';
import { verifyTagKey } from '@holdfast/protocol/tag-key.js';
import { sectorsOf } from '@holdfast/protocol/tag.js';
import { seededRandom } from './property.ts';
import {
  CHANNEL,
  newTagger,
  stored,
  tagFile,
  type TaggedFile,
  type Tagger,
} from './tagged-files.ts';

export const BLOCK = 200;

/** Epoch and beacon of an audit, and who answers it. */
export interface AuditOf {
  readonly channel: string;
  readonly epoch: number;
  readonly beacon: string;
  readonly providerId: string;
}

/** What a provider has of a file. */
type Held = Pick<TaggedFile, 'blocks' | 'tags'>;

export interface Options {
  readonly blockCount?: number;
  readonly blockLength?: number;
  /** What of a block is tagged, sampled and proved. */
  readonly proved?: (block: Uint8Array) => Uint8Array;
}

export async function newAuditStage(options: Options = {}) {
  const { blockCount = 6, blockLength = BLOCK, proved = (block) => block } = options;
  await ready();
  const random = seededRandom();
  const audit: AuditOf = {
    channel: CHANNEL,
    epoch: 12,
    beacon: hex(random(32)),
    providerId: 'Birch',
  };
  const blocks = () => Array.from({ length: blockCount }, () => proved(random(blockLength)));
  const [alice, bob] = [newTagger(random, BLOCK), newTagger(random, BLOCK)];
  const [hers, his] = [tagFile(random, alice, blocks()), tagFile(random, bob, blocks())];

  const challengeOfFile = ({ file }: TaggedFile, at = audit): Challenge =>
    challengeOf({ ...at, file, due: null, ask: { fromEpoch: 1, node: null, blocks: 5 } });
  const rhoFor = ({ tagKey }: Tagger, at = audit): bigint =>
    rhoOf({ ...at, tagKeyId: tagKey.tagKeyId });
  const proofOf = (
    owner: Tagger,
    tagged: TaggedFile,
    held: Held = tagged,
    at = audit,
  ): Promise<Uint8Array> =>
    prove({
      table: owner.table,
      rho: rhoFor(owner, at),
      files: [stored(held, challengeOfFile(tagged, at))],
    });
  const groupOf = (
    owner: Tagger,
    tagged: TaggedFile,
    proof: Uint8Array,
    at = audit,
  ): AnsweredGroup => ({
    tagKey: owner.tagKey,
    files: [{ file: tagged.file, challenge: challengeOfFile(tagged, at) }],
    proof,
  });

  return {
    random,
    audit,
    /** The audit after it: its beacon is not known before. */
    later: { ...audit, epoch: 14, beacon: hex(random(32)) },
    alice,
    bob,
    hers,
    his,
    challengeOfFile,
    rhoFor,
    proofOf,
    groupOf,
    verifyTagKey: (claim: Parameters<typeof verifyTagKey>[0]) => verifyTagKey(claim),
    /** The ledger's verdict. */
    isIntact: (groups: readonly AnsweredGroup[], at = audit): boolean => {
      try {
        return verifyAnswer({ ...at, groups });
      } catch (problem) {
        if (problem instanceof HoldfastError && problem.code === 'PROOF_INVALID') return false;
        throw problem;
      }
    },
    /** Whether the provider takes an upload. */
    isTaken: async ({ blocks: content, tags, session }: TaggedFile, owner = alice) => {
      const intake = newIntake({ sectors: sectorsOf(BLOCK), random });
      for (const block of content) await intake.add(block);
      for (const tag of tags) await intake.addTags(tag, session);
      return intake.finish(owner);
    },
  };
}

export type AuditStage = Awaited<ReturnType<typeof newAuditStage>>;
