/**
 * Sums of many multiples in G1: Pippenger's buckets for public points, a table of multiples for the generator.
 *
 * Both only add and double, so that they are right for every point of the curve, also for one with a cofactor
 * component, where mcl's own multiplication (by endomorphism) is not. Neither runs in constant time.
 *
 * @module
 */
import { allocate, memory, SIZE, withMemory, type Mcl } from './mcl.ts';

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
  const table = allocate(mod, WINDOWS * ROW * SIZE.g1);
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
 * z = sum of scalars[i] * points[i] (Pippenger; Bernstein, Doumen, Lange, Oosterwijk 2012, section 4), with digits of
 * both signs: to subtract a point costs what adding it costs, and half the buckets do.
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
  const windows = windowsOf(bits, width);
  const digits = scalars.map((scalar) => digitsOf(scalar, width, windows));
  const buckets = 1 << (width - 1);
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
        const bucket = first + (Math.abs(digit) - 1) * SIZE.g1;
        if (digit > 0) mod._mclBnG1_add(bucket, bucket, points + i * SIZE.g1);
        else mod._mclBnG1_sub(bucket, bucket, points + i * SIZE.g1);
      }
      for (let bucket = buckets - 1; bucket >= 0; bucket--) {
        mod._mclBnG1_add(running, running, first + bucket * SIZE.g1);
        mod._mclBnG1_add(windowSum, windowSum, running);
      }
      mod._mclBnG1_add(z, z, windowSum);
    }
  });
}

/** Windows of `width` bits, the highest with a bit to spare for a carry. */
const windowsOf = (bits: number, width: number): number => Math.ceil((bits + 1) / width);

/** The window width of least work: each window costs an addition a point, and two a bucket that cost half as much again. */
function bestWidth(bits: number, count: number): number {
  let best = 1;
  let least = Infinity;
  for (let width = 1; width <= 13; width++) {
    const cost = windowsOf(bits, width) * (count + 3 * 2 ** (width - 1) + width);
    if (cost < least) [best, least] = [width, cost];
  }
  return best;
}

/** Digits of base 2^width, the lowest first, from -2^(width - 1) + 1 to 2^(width - 1). */
function digitsOf(scalar: bigint, width: number, windows: number): Int16Array {
  const digits = new Int16Array(windows);
  // 16-bit limbs first: shifting a long integer once a digit would cost more than the additions.
  const limbs = new Uint16Array(Math.ceil((windows * width) / 16) + 4);
  let rest = scalar;
  for (let i = 0; rest > 0n; i += 4) {
    const word = rest & 0xffff_ffff_ffff_ffffn;
    for (let k = 0; k < 4; k++) limbs[i + k] = Number((word >> BigInt(16 * k)) & 0xffffn);
    rest >>= 64n;
  }
  const base = 1 << width;
  let carry = 0;
  for (let window = 0; window < windows; window++) {
    const bit = window * width;
    const at = bit >> 4;
    const pair = (limbs[at] ?? 0) + (limbs[at + 1] ?? 0) * 0x10000;
    const digit = ((pair >>> (bit & 15)) & (base - 1)) + carry;
    carry = digit > base / 2 ? 1 : 0;
    digits[window] = digit - carry * base;
  }
  return digits;
}

const bitLength = (value: bigint): number => (value === 0n ? 0 : value.toString(2).length);
