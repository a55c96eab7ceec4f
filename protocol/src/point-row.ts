/**
 * Many points of the curve as one array of bytes, cheap to keep and to hand to another thread.
 *
 * @module
 */
import type { G1 } from './curve.ts';
import { SIZE } from './mcl.ts';

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
