/**
 * How a provider makes the proofs of `proof.ts` from blocks and tags, in jobs.
 *
 * @module
 */
import type { Challenge } from './audit.ts';
import { decodeTag, newBlockSums, totalOf, WEIGHT, weightAt } from './block-sums.ts';
import { concat, integer } from './bytes.ts';
import { encodeG1, multiScalar, project1, type G1 } from './curve.ts';
import { encodeScalar, ORDER } from './scalar.ts';
import type { BlockSumState } from './kernel.ts';
import { pointsOf } from './point-row.ts';
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

/** What a challenge asks of blocks and tags, summed and collected. */
interface Gathered {
  /** Of the longest block. */
  readonly sectors: number;
  readonly states: readonly BlockSumState[];
  readonly tags: readonly { readonly uid: number; readonly tag: Uint8Array }[];
  /** 16 bytes a block. */
  readonly weights: Uint8Array;
}

interface ProofTask extends Gathered {
  readonly table: PublicTable;
  readonly rho: bigint;
}

/** The end of {@link prove}: 0.6 s for 8,457 sectors. */
export const proofMaking: Job<ProofTask, Uint8Array> = {
  name: 'proofMaking',
  work({ table, rho, ...gathered }) {
    const { value, quotient } = divide(totalOf(gathered.sectors, gathered.states), rho);
    const psi = multiScalar(pointsOf(table, 0, quotient.length), quotient);
    const tag = combinedTag(gathered);
    return concat(encodeG1(tag), encodeScalar(value), encodeG1(project1(psi)));
  },
};

/** The end of {@link combine}. */
export const combination: Job<Gathered, Combination> = {
  name: 'combination',
  work: (gathered) => ({
    combinedTag: encodeG1(combinedTag(gathered)),
    combinedBlock: concat(...totalOf(gathered.sectors, gathered.states).map(encodeScalar)),
  }),
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
  return pool.run(proofMaking, { ...(await gather(files, table.length, pool)), table, rho });
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
  return pool.run(combination, await gather(files, sectors, pool));
}

async function gather(
  files: readonly StoredFile[],
  sectors: number,
  pool: Pool,
): Promise<Gathered> {
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
  return { sectors, states: await blocks.finish(), tags, weights: concat(...weights) };
}

function coefficientAt({ coefficients }: Pick<Challenge, 'coefficients'>, index: number): bigint {
  const coefficient = coefficients[index];
  if (coefficient === undefined) throw new Error('bug: a coefficient for each block');
  return coefficient;
}

/** A tag with a cofactor component passed intake; their sum must be a point of G1 all the same. */
function combinedTag({ tags, weights }: Gathered): G1 {
  const points = tags.map(({ uid, tag }) => decodeTag(tag, `the tag of block ${uid}`));
  return project1(
    multiScalar(
      points,
      points.map((_, i) => weightAt(weights, i)),
    ),
  );
}

/** (f - f(point)) / (z - point) by Horner's rule; coefficients from the lowest. */
function divide(
  polynomial: readonly bigint[],
  point: bigint,
): { readonly value: bigint; readonly quotient: bigint[] } {
  const quotient: bigint[] = [];
  const value = polynomial.reduceRight((above, coefficient, j) => {
    if (j < polynomial.length - 1) quotient.push(above);
    return (coefficient + above * point) % ORDER;
  }, 0n);
  return { value, quotient: quotient.reverse() };
}
