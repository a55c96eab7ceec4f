/**
 * Tags: 48 bytes that a provider keeps beside each encrypted block, so that it can prove it still has the block.
 *
 * Equation (1) of paper 004, after Shacham and Waters 2008 section 3.3: sigma_i = (H(W_i) * prod_j u_j^{m_ij})^x over the
 * sectors m_ij of the block. Here u_j = g1^(alpha^j), so that whoever knows alpha needs one dot product in the field and
 * one multiple of g1 where the papers take a power for each sector:
 *
 * ```text
 * sigma_i = (H(W_i) * g1^S_i)^x    S_i = sum over j of m_ij * alpha^j
 * ```
 *
 * Deviation: W_i binds a block id that is never used again and a nonce of the session, not the block's index and time
 * (paper 004 section 5.2): two contents under one W would let anybody who sees both forge a third.
 *
 * @module
 */
import {
  concat,
  concatAll,
  fromBase64url,
  fromHex,
  lengthPrefixed,
  toInteger,
  u64be,
} from './bytes.ts';
import { add1, encodeG1, hashToG1, multiply1, multiplyBase, normalize, type G1 } from './curve.ts';
import { encodeScalar } from './scalar.ts';
import { newDotProduct } from './kernel.ts';
import { DST, label } from './labels.ts';
import type { TaggingBase } from './file-records.ts';
import { inOrder, type Job, type Pool } from './pool.ts';
import { powers, type TagKey } from './tag-key.ts';

export { sectorsOf } from './kernel.ts';

/** Bytes of a tag. */
export const TAG = 48;

/** What the tags made at one time have in common. */
export interface TagSession {
  readonly fileId: Uint8Array;
  /** Id of the first block tagged; the others follow. */
  readonly firstUid: number;
  /** 16 bytes that depend on the content, so that no two contents meet under one W. */
  readonly nonce: Uint8Array;
  /** Milliseconds, informational. */
  readonly taggedAt: number;
}

/** The session in which all blocks of a version were tagged at once. */
export const tagSession = (fileId: string, base: TaggingBase): TagSession => ({
  fileId: fromHex(fileId),
  firstUid: base.firstUid,
  nonce: fromBase64url(base.nonce, 16),
  taggedAt: base.taggedAt,
});

/** W = LP("holdfast/v1/W") || fid || u64 uid || nonce || u64 taggedAt. */
export const tagMessage = (
  fileId: Uint8Array,
  uid: number,
  nonce: Uint8Array,
  taggedAt: number,
): Uint8Array => concat(lengthPrefixed(label('W')), fileId, u64be(uid), nonce, u64be(taggedAt));

/** H(W) of a block, in G1. */
export const hashedMessage = ({ fileId, nonce, taggedAt }: TagSession, uid: number): G1 =>
  hashToG1(tagMessage(fileId, uid, nonce, taggedAt), DST.tag);

/**
 * (Owner) The first half of a tag, made as blocks pass and before the session is known: S_i as 32 bytes.
 *
 * @param sectors - of the longest block.
 */
export function newSectorSummer(alpha: bigint, sectors: number): (block: Uint8Array) => Uint8Array {
  const dot = newDotProduct(powers(alpha, sectors));
  return (block) => encodeScalar(dot(block));
}

/**
 * (Owner) The second half: the tags of consecutive blocks, 48 bytes each in one row.
 *
 * @param sums - S_i of 32 bytes each, of the block with id `firstUid` and those after it.
 */
export function finishTags(
  sums: readonly Uint8Array[],
  session: TagSession,
  key: TagKey,
): Uint8Array {
  const tags = sums.map((sum, i) => {
    const untagged = add1(
      hashedMessage(session, session.firstUid + i),
      multiplyBase(toInteger(sum)),
    );
    return multiply1(untagged, key.x);
  });
  return concat(...normalize(tags).map(encodeG1));
}

/** {@link finishTags} as a job, about 0.8 ms a tag. */
export const tagFinishing: Job<
  { readonly sums: readonly Uint8Array[]; readonly session: TagSession; readonly key: TagKey },
  Uint8Array
> = {
  name: 'tagFinishing',
  work: ({ sums, session, key }) => finishTags(sums, session, key),
};

/** Tags finished in one job. */
const TAGS_A_JOB = 64;

/** (Owner) {@link finishTags} of all blocks of a file, spread over a pool. */
export async function finishAllTags(
  sums: readonly Uint8Array[],
  session: TagSession,
  key: TagKey,
  pool: Pool,
): Promise<Uint8Array> {
  const parts = Array.from({ length: Math.ceil(sums.length / TAGS_A_JOB) }, (_, i) => ({
    sums: sums.slice(TAGS_A_JOB * i, TAGS_A_JOB * (i + 1)),
    session: { ...session, firstUid: session.firstUid + TAGS_A_JOB * i },
    key,
  }));
  const tags: Uint8Array[] = [];
  for await (const some of inOrder(parts, pool.width, (part) => pool.run(tagFinishing, part))) {
    tags.push(some);
  }
  return concatAll(tags);
}
