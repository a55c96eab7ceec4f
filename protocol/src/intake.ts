/**
 * What a provider checks of an upload before it signs an acceptance: every tag belongs to its block (constructions,
 * section 1.3). A wrong tag found later would be the provider's fault.
 *
 * Equation (5) of paper 004 over all blocks at once, with weights w_i of 128 bits that only the provider knows:
 *
 * ```text
 * e(prod sigma_i^{w_i}, g2) = e(prod H(W_i)^{w_i} * prod u_j^{mu_j}, X)    mu_j = sum of w_i * m_ij
 * ```
 *
 * Orders of tags are not checked here: a cofactor component passes the equation, and the proof made of such tags
 * projects it away.
 *
 * @module
 */
import type { Random } from '#platform';
import { blockTotal, decodeTag, newBlockSums, WEIGHT, weightAt } from './block-sums.ts';
import { concat, fromBase64url } from './bytes.ts';
import {
  add1,
  BASE_2,
  decodeG2,
  multiScalar,
  negate1,
  pairingsAreOne,
  zero1,
  type G1,
} from './curve.ts';
import { HoldfastError } from './errors.ts';
import type { TagKeyRecord } from './account-records.ts';
import { productOf } from './point-row.ts';
import { inline, type Job, type Pool } from './pool.ts';
import type { PublicTable } from './tag-key.ts';
import { hashedMessage, TAG, type TagSession } from './tag.ts';

/** Most tags of one job: the sum of many costs less a tag than that of few. */
const TAGS_A_JOB = 512;

/** One upload being checked. Blocks come as they are stored, tags when the owner has finished them. */
export interface Intake {
  /** Takes the next block, in the order of ids; resolves when there is room for more. */
  add(block: Uint8Array): Promise<void>;
  /** Takes the next tags, whole ones, about 0.6 ms each. */
  addTags(tags: Uint8Array, session: TagSession): Promise<void>;
  /**
   * Whether each tag is that of its block; 0.5 s for 8,457 sectors.
   *
   * @throws `TAG_INVALID` where there is not one tag for each block.
   */
  finish(key: {
    readonly tagKey: Pick<TagKeyRecord, 'x'>;
    readonly table: PublicTable;
  }): Promise<boolean>;
}

/** prod sigma_i^{w_i} and prod H(W_i)^{w_i}. */
interface TagSums {
  readonly tags: G1;
  readonly messages: G1;
}

interface WeightedTags {
  readonly tags: Uint8Array;
  /** 16 bytes a tag. */
  readonly weights: Uint8Array;
  readonly session: TagSession;
  /** Tags before these. */
  readonly before: number;
}

/** Adds up some tags and their messages. */
export const tagAddition: Job<WeightedTags, TagSums> = {
  name: 'tagAddition',
  work({ tags, weights, session, before }) {
    const chosen = Array.from({ length: tags.length / TAG }, (_, i) => weightAt(weights, i));
    const points = chosen.map((_, i) =>
      decodeTag(tags.subarray(TAG * i, TAG * (i + 1)), `tag ${before + i}`),
    );
    const messages = chosen.map((_, i) => hashedMessage(session, session.firstUid + before + i));
    return { tags: multiScalar(points, chosen), messages: multiScalar(messages, chosen) };
  },
};

/**
 * (Provider)
 *
 * @param sectors - of the longest block.
 * @param pool - where the work is done.
 */
export function newIntake({
  sectors,
  random,
  pool = inline,
}: {
  readonly sectors: number;
  readonly random: Random;
  readonly pool?: Pool;
}): Intake {
  const weights: Uint8Array[] = [];
  const blocks = newBlockSums(sectors, pool);
  let tagged = 0;
  let tagSum = zero1();
  let messageSum = zero1();

  async function addSome(tags: Uint8Array, session: TagSession, before: number): Promise<void> {
    const chosen = concat(...weights.slice(before, before + tags.length / TAG));
    const sums = await pool.run(tagAddition, { tags, weights: chosen, session, before });
    tagSum = add1(tagSum, sums.tags);
    messageSum = add1(messageSum, sums.messages);
  }

  /** prod u_j^{mu_j}. */
  async function content(points: PublicTable): Promise<G1> {
    const exponents = await pool.run(blockTotal, { sectors, states: await blocks.finish() });
    return productOf({ points, exponents }, pool);
  }

  return {
    async add(block) {
      const weight = random(WEIGHT);
      weights.push(weight);
      await blocks.add(block, weight);
    },
    async addTags(tags, session) {
      const count = tags.length / TAG;
      if (!Number.isInteger(count) || tagged + count > weights.length) {
        throw new HoldfastError(
          'TAG_INVALID',
          `${tagged + count} tags of ${weights.length} blocks`,
        );
      }
      const first = tagged;
      tagged += count;
      const jobs: Promise<void>[] = [];
      const each = Math.min(TAGS_A_JOB, Math.ceil(count / pool.width));
      for (let i = 0; i < count; i += each) {
        const some = tags.slice(TAG * i, TAG * Math.min(count, i + each));
        jobs.push(addSome(some, session, first + i));
      }
      await Promise.all(jobs);
    },
    async finish({ tagKey, table }) {
      if (tagged !== weights.length) {
        throw new HoldfastError('TAG_INVALID', `${tagged} tags of ${weights.length} blocks`);
      }
      if (sectors > table.length) return false;
      const whole = add1(messageSum, await content(table));
      return pairingsAreOne([
        [negate1(tagSum), decodeG2(BASE_2)],
        [whole, decodeG2(fromBase64url(tagKey.x))],
      ]);
    },
  };
}
