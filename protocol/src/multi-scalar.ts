/**
 * Sums of many multiples in G1: Pippenger's buckets for public points, a table of multiples for the generator.
 *
 * Both only add and double, so that they are right for every point of the curve, also for one with a cofactor
 * component, where mcl's own multiplication (by endomorphism) is not. Neither runs in constant time.
 *
 * @module
 */
import { memory, SIZE, withMemory, type Mcl } from './mcl.ts';

const BITS = 8;
const WINDOWS = 32;
const ROW = 1 << BITS;

/**
 * The multiples d * 256^w of a point, for all digits d and 32 windows w: 1.2 MB of mcl's memory that stay taken.
 *
 * @param base - pointer to the point.
 * @returns pointer to point (w, d) at `SIZE.g1 * (256 * w + d)`.
 */
export function newBaseTable(mod: Mcl, base: number): number {
  const table = mod._malloc(WINDOWS * ROW * SIZE.g1);
  withMemory(mod, SIZE.g1, (power) => {
    memory(mod).copyWithin(power, base, base + SIZE.g1);
    for (let window = 0; window < WINDOWS; window++) {
      const row = table + window * ROW * SIZE.g1;
      mod._mclBnG1_clear(row);
      for (let digit = 1; digit < ROW; digit++) {
        mod._mclBnG1_add(row + digit * SIZE.g1, row + (digit - 1) * SIZE.g1, power);
      }
      mod._mclBnG1_add(power, power, row + (ROW - 1) * SIZE.g1);
      mod._mclBnG1_normalizeVec(row + SIZE.g1, row + SIZE.g1, ROW - 1);
    }
  });
  return table;
}

/** z = scalar * base, for a scalar below 2^256, by at most 32 additions. */
export function multiplyByTable(mod: Mcl, z: number, table: number, scalar: bigint): void {
  mod._mclBnG1_clear(z);
  let rest = scalar;
  for (let window = 0; window < WINDOWS; window++) {
    const digit = Number(rest & 0xffn);
    rest >>= 8n;
    if (digit !== 0) mod._mclBnG1_add(z, z, table + (window * ROW + digit) * SIZE.g1);
  }
}

/**
 * z = sum of scalars[i] * points[i] (Pippenger; Bernstein, Doumen, Lange, Oosterwijk 2012, section 4).
 *
 * @param points - pointer to `scalars.length` points, normalised for speed.
 * @param scalars - integers from 0, not reduced modulo the order.
 */
export function sumOfMultiples(
  mod: Mcl,
  z: number,
  points: number,
  scalars: readonly bigint[],
): void {
  const bits = scalars.reduce((most, scalar) => Math.max(most, bitLength(scalar)), 1);
  const width = bestWidth(bits, scalars.length);
  const windows = Math.ceil(bits / width);
  const digits = scalars.map((scalar) => digitsOf(scalar, width, windows));
  const buckets = (1 << width) - 1;
  withMemory(mod, (buckets + 2) * SIZE.g1, (first) => {
    const running = first + buckets * SIZE.g1;
    const windowSum = running + SIZE.g1;
    mod._mclBnG1_clear(z);
    for (let window = windows - 1; window >= 0; window--) {
      for (let i = 0; i < width; i++) mod._mclBnG1_dbl(z, z);
      memory(mod).fill(0, first, windowSum + SIZE.g1);
      for (let i = 0; i < digits.length; i++) {
        const digit = digits[i]?.[window] ?? 0;
        if (digit === 0) continue;
        const bucket = first + (digit - 1) * SIZE.g1;
        mod._mclBnG1_add(bucket, bucket, points + i * SIZE.g1);
      }
      for (let bucket = buckets - 1; bucket >= 0; bucket--) {
        mod._mclBnG1_add(running, running, first + bucket * SIZE.g1);
        mod._mclBnG1_add(windowSum, windowSum, running);
      }
      mod._mclBnG1_add(z, z, windowSum);
    }
  });
}

/** The window width of fewest additions: each window costs one per point and two per bucket. */
function bestWidth(bits: number, count: number): number {
  let best = 1;
  let least = Infinity;
  for (let width = 1; width <= 13; width++) {
    const cost = Math.ceil(bits / width) * (count + 2 * 2 ** width + width);
    if (cost < least) [best, least] = [width, cost];
  }
  return best;
}

function digitsOf(scalar: bigint, width: number, windows: number): Uint16Array {
  const digits = new Uint16Array(windows);
  // 16-bit limbs first: shifting a long integer once a digit would cost more than the additions.
  const limbs = new Uint16Array(Math.ceil((windows * width) / 16) + 1);
  let rest = scalar;
  for (let i = 0; rest > 0n; i += 4) {
    const word = rest & 0xffff_ffff_ffff_ffffn;
    for (let k = 0; k < 4; k++) limbs[i + k] = Number((word >> BigInt(16 * k)) & 0xffffn);
    rest >>= 64n;
  }
  const mask = (1 << width) - 1;
  for (let window = 0; window < windows; window++) {
    const bit = window * width;
    const at = bit >> 4;
    const pair = (limbs[at] ?? 0) + (limbs[at + 1] ?? 0) * 0x10000;
    digits[window] = (pair >>> (bit & 15)) & mask;
  }
  return digits;
}

const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);
