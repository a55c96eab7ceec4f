/**
 * How a provider makes the proofs of `proof.ts` from blocks and tags, in jobs.
 *
 * @module
 */
import type { Challenge } from './audit.ts';
import { decodeTag, newBlockSums, totalOf, WEIGHT, weightAt } from './block-sums.ts';
import { concat, concatAll, integer } from './bytes.ts';
import { encodeG1, multiScalar, project1 } from './curve.ts';
import { encodeScalar, ORDER } from './scalar.ts';
import type { BlockSumState } from './kernel.ts';
import { productOf } from './point-row.ts';
import { inline, type Job, type Pool } from './pool.ts';
import type { Combination } from './proof.ts';
import type { PublicTable } from './tag-key.ts';

/** A challenged file where its blocks and tags lie. */
export interface StoredFile {
  readonly challenge: Pick<Challenge, 'uids' | 'coefficients'>;
  block(uid: number): Promise<Uint8Array>;
  /** 48 bytes. */
  tag(uid: number): Promise<Uint8Array>;
}

/** The tags that a challenge asks for. */
interface GatheredTags {
  readonly tags: readonly { readonly uid: number; readonly tag: Uint8Array }[];
  /** 16 bytes a block. */
  readonly weights: Uint8Array;
}

/** The blocks that it asks for, summed. */
interface GatheredBlocks {
  /** Of the longest block. */
  readonly sectors: number;
  readonly states: readonly BlockSumState[];
}

/** prod sigma_i^{v_i}, 48 bytes. A tag with a cofactor component passed intake; the product must be in G1 all the same. */
export const tagCombination: Job<GatheredTags, Uint8Array> = {
  name: 'tagCombination',
  work({ tags, weights }) {
    const points = tags.map(({ uid, tag }) => decodeTag(tag, `the tag of block ${uid}`));
    const chosen = points.map((_, i) => weightAt(weights, i));
    return encodeG1(project1(multiScalar(points, chosen)));
  },
};

/** mu, 32 bytes a sector. */
export const blockCombination: Job<GatheredBlocks, Uint8Array> = {
  name: 'blockCombination',
  work: ({ sectors, states }) => concat(...totalOf(sectors, states).map(encodeScalar)),
};

interface Division {
  /** f(rho). */
  readonly value: bigint;
  /** (f - f(rho)) / (z - rho), coefficients from the lowest. */
  readonly quotient: readonly bigint[];
}

/** Divides the polynomial f whose coefficients are mu. */
export const division: Job<GatheredBlocks & { readonly rho: bigint }, Division> = {
  name: 'division',
  work: ({ sectors, states, rho }) => divide(totalOf(sectors, states), rho),
};

/**
 * (Provider) The succinct proof of all files of one key.
 *
 * @param table - at least as long as the longest block has sectors.
 * @param rho - of `rhoOf`.
 * @param pool - where the work is done.
 * @returns 128 bytes.
 * @throws `TAG_INVALID` where a stored tag is none.
 */
export async function prove({
  table,
  rho,
  files,
  pool = inline,
}: {
  readonly table: PublicTable;
  readonly rho: bigint;
  readonly files: readonly StoredFile[];
  readonly pool?: Pool;
}): Promise<Uint8Array> {
  const [tags, blocks] = await gather(files, table.length, pool);
  const [tag, { value, quotient }] = await Promise.all([
    pool.run(tagCombination, tags),
    pool.run(division, { ...blocks, rho }),
  ]);
  const psi = await productOf({ points: table, exponents: quotient }, pool);
  return concat(tag, encodeScalar(value), encodeG1(project1(psi)));
}

/**
 * (Provider) Combines tags and blocks of a challenge: equations (2) and (3) of paper 004.
 *
 * @param sectors - of the longest block.
 * @throws `TAG_INVALID` where a stored tag is none.
 */
export async function combine(
  files: readonly StoredFile[],
  sectors: number,
  pool: Pool = inline,
): Promise<Combination> {
  const [tags, blocks] = await gather(files, sectors, pool);
  const [combinedTag, combinedBlock] = await Promise.all([
    pool.run(tagCombination, tags),
    pool.run(blockCombination, blocks),
  ]);
  return { combinedTag, combinedBlock };
}

async function gather(
  files: readonly StoredFile[],
  sectors: number,
  pool: Pool,
): Promise<readonly [GatheredTags, GatheredBlocks]> {
  const blocks = newBlockSums(sectors, pool);
  const tags: { uid: number; tag: Uint8Array }[] = [];
  const weights: Uint8Array[] = [];
  for (const file of files) {
    for (const [i, uid] of file.challenge.uids.entries()) {
      const weight = integer(coefficientAt(file.challenge, i), WEIGHT);
      weights.push(weight);
      await blocks.add(await file.block(uid), weight);
      tags.push({ uid, tag: await file.tag(uid) });
    }
  }
  return [
    { tags, weights: concatAll(weights) },
    { sectors, states: await blocks.finish() },
  ];
}

function coefficientAt({ coefficients }: Pick<Challenge, 'coefficients'>, index: number): bigint {
  const coefficient = coefficients[index];
  if (coefficient === undefined) throw new Error('bug: a coefficient for each block');
  return coefficient;
}

/** By Horner's rule. */
function divide(polynomial: readonly bigint[], point: bigint): Division {
  const quotient: bigint[] = [];
  const value = polynomial.reduceRight((above, coefficient, j) => {
    if (j < polynomial.length - 1) quotient.push(above);
    return (coefficient + above * point) % ORDER;
  }, 0n);
  return { value, quotient: quotient.reverse() };
}
