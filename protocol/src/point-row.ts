/**
 * Many points of the curve as one array of bytes, cheap to keep and to hand to another thread.
 *
 * @module
 */
import { platform } from '#platform';
import { concat, equalBytes } from './bytes.ts';
import { add1, encodeG1, multiScalar, type G1 } from './curve.ts';
import { SIZE } from './mcl.ts';
import type { Job, Pool } from './pool.ts';

const DIGEST = 32;

/** Points in the representation of {@link G1}, one after the other. */
export interface PointRow {
  readonly length: number;
  readonly limbs: Uint8Array;
}

export function rowOf(points: readonly G1[]): PointRow {
  const limbs = new Uint8Array(SIZE.g1 * points.length);
  points.forEach((point, i) => limbs.set(point.limbs, SIZE.g1 * i));
  return { length: points.length, limbs };
}

/** The points of a row from `start` up to `end`, without a copy. */
export const pointsOf = (row: PointRow, start = 0, end = row.length): G1[] =>
  Array.from({ length: Math.max(0, Math.min(end, row.length) - start) }, (_, i) => ({
    group: 'G1',
    limbs: row.limbs.subarray(SIZE.g1 * (start + i), SIZE.g1 * (start + i + 1)),
  }));

/** The first points of a row, as a row of its own. */
export const firstOf = (row: PointRow, count: number): PointRow => ({
  length: count,
  limbs: row.limbs.slice(0, SIZE.g1 * count),
});

/** A row as bytes to keep where it was made: SHA-256 || limbs. */
export const packRow = ({ limbs }: PointRow): Uint8Array => concat(platform.sha256(limbs), limbs);

/**
 * The row that {@link packRow} made into bytes.
 *
 * @param last - the last point, compressed: the limbs of another build of mcl may mean other points.
 * @returns undefined unless they are whole and mean what they did.
 */
export function unpackRow(bytes: Uint8Array, last: Uint8Array): PointRow | undefined {
  const limbs = bytes.slice(DIGEST);
  const length = limbs.length / SIZE.g1;
  if (length === 0 || !Number.isInteger(length)) return undefined;
  if (!equalBytes(platform.sha256(limbs), bytes.subarray(0, DIGEST))) return undefined;
  const row = { length, limbs };
  return pointsOf(row, length - 1).every((point) => equalBytes(encodeG1(point), last))
    ? row
    : undefined;
}

interface Powers {
  readonly points: PointRow;
  readonly exponents: readonly bigint[];
}

/** prod u_j^{e_j} over the first points of a row, 65 us each. */
export const rowProduct: Job<Powers, G1> = {
  name: 'rowProduct',
  work: ({ points, exponents }) => multiScalar(pointsOf(points, 0, exponents.length), exponents),
};

/** (Provider) {@link rowProduct} in as many parts as the pool is wide. */
export async function productOf({ points, exponents }: Powers, pool: Pool): Promise<G1> {
  const size = Math.ceil(exponents.length / pool.width);
  const parts = Array.from({ length: pool.width }, (_, i) => {
    const some = exponents.slice(i * size, (i + 1) * size);
    const limbs = points.limbs.slice(SIZE.g1 * i * size, SIZE.g1 * (i * size + some.length));
    return pool.run(rowProduct, { points: { length: some.length, limbs }, exponents: some }, [
      limbs,
    ]);
  });
  return (await Promise.all(parts)).reduce(add1);
}
