/**
 * Many points of the curve as one array of bytes, cheap to keep and to hand to another thread.
 *
 * @module
 */
import { add1, multiScalar, type G1 } from './curve.ts';
import { SIZE } from './mcl.ts';
import type { Job, Pool } from './pool.ts';

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
