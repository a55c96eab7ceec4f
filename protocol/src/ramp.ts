/**
 * Ramp secret sharing (n, k, r): any k of n shares give the secret, any r give nothing about it, and a share is a
 * (k - r)-th of the secret's length (paper 000 section 3.2, RSSS; Blakley and Meadows 1984).
 *
 * The secret is cut into k - r equal pieces, zeros filling the last. They and r pieces of coins are the coefficients, in
 * this order, of one polynomial per byte position over the field of 256 elements; share j is its value at point j.
 *
 * With k - r = 1 this is Shamir's scheme, equal bit for bit to the audited package shamir-secret-sharing. With
 * k - r >= 2 some sets of k - 1 shares give away whole pieces: there the secret must have passed the all-or-nothing
 * transform first.
 *
 * @module
 */
import { invert, multiply } from './binary-field.ts';
import { HoldfastError } from './errors.ts';

/** The largest k - r: beyond it too little of a secret stays unknown to k - 1 holders. */
const GAP_MAX = 4;
const SHARES_MAX = 16;

/** n, k and r of the scheme, n >= k > r >= 0. */
export interface RampParameters {
  /** n. */
  readonly shareCount: number;
  /** k: how many shares give the secret. */
  readonly threshold: number;
  /** r: how many shares give nothing. */
  readonly privacy: number;
}

/** The value of the polynomials at one point. */
export interface PointShare {
  /** 1 to 255. */
  readonly point: number;
  readonly value: Uint8Array;
}

/**
 * Where randomness for piece `piece` (0 to r - 1) comes from: `length` bytes that nobody who lacks the secret can tell
 * from random ones.
 */
export type Coins = (piece: number, length: number) => Uint8Array;

/** The rule that {@link isRamp} decides. */
export const RAMP_RULE = `${SHARES_MAX} >= n >= k > r >= 0 and k - r <= ${GAP_MAX}`;

/** Whether 16 >= n >= k > r >= 0 and k - r <= 4. */
export function isRamp({ shareCount, threshold, privacy }: RampParameters): boolean {
  const whole = [shareCount, threshold, privacy].every(Number.isInteger);
  const ordered = shareCount >= threshold && threshold > privacy && privacy >= 0;
  return whole && ordered && shareCount <= SHARES_MAX && threshold - privacy <= GAP_MAX;
}

/** @throws `INPUT_INVALID` unless {@link isRamp}. */
export function checkRampParameters(parameters: RampParameters): void {
  if (isRamp(parameters)) return;
  const { shareCount, threshold, privacy } = parameters;
  const given = `(${shareCount}, ${threshold}, ${privacy})`;
  throw new HoldfastError('INPUT_INVALID', `shares (n, k, r) need ${RAMP_RULE}, got ${given}`);
}

/** Bytes of a share of a secret of `length` bytes. */
export const shareLength = (length: number, { threshold, privacy }: RampParameters): number =>
  Math.ceil(length / (threshold - privacy));

/**
 * (Owner) Shares 1 to n of `secret`.
 *
 * Deviation: paper 000 draws the coins anew each time; here they come from a pseudorandom function, so that a share can
 * be computed again.
 */
export function split(
  secret: Uint8Array,
  parameters: RampParameters,
  coins: Coins,
): readonly PointShare[] {
  checkRampParameters(parameters);
  const { shareCount, threshold, privacy } = parameters;
  const gap = threshold - privacy;
  const length = shareLength(secret.length, parameters);
  const padded = new Uint8Array(gap * length);
  padded.set(secret);
  const coefficients = Array.from({ length: threshold }, (_, i) =>
    i < gap ? padded.subarray(i * length, (i + 1) * length) : coins(i - gap, length),
  );
  return Array.from({ length: shareCount }, (_, j) => ({
    point: j + 1,
    value: evaluate(coefficients, j + 1, length),
  }));
}

/** The polynomials of all byte positions at one point, by Horner's rule. */
function evaluate(coefficients: readonly Uint8Array[], point: number, length: number): Uint8Array {
  const value = new Uint8Array(length);
  for (const coefficient of coefficients.toReversed()) {
    for (let i = 0; i < length; i++) {
      value[i] = multiply(value[i] ?? 0, point) ^ (coefficient[i] ?? 0);
    }
  }
  return value;
}

/**
 * (Owner) The secret from k shares at different points.
 *
 * @param shares - at least k; the first k are used. Wrong bytes in them give a wrong secret, not an error.
 * @param length - bytes of the secret.
 * @throws `SHARES_TOO_FEW` with fewer than k; `SHARE_INVALID` where two have one point or lengths differ.
 */
export function combine(
  shares: readonly PointShare[],
  parameters: RampParameters,
  length: number,
): Uint8Array {
  checkRampParameters(parameters);
  const { threshold, privacy } = parameters;
  if (shares.length < threshold) {
    throw new HoldfastError('SHARES_TOO_FEW', `${threshold} needed, ${shares.length} at hand`);
  }
  const used = shares.slice(0, threshold);
  const pieceLength = shareLength(length, parameters);
  checkShares(used, pieceLength);
  const weights = interpolation(used.map(({ point }) => point));
  const padded = new Uint8Array((threshold - privacy) * pieceLength);
  for (let piece = 0; piece < threshold - privacy; piece++) {
    for (const [j, { value }] of used.entries()) {
      const weight = weights[j]?.[piece] ?? 0;
      for (let i = 0; i < pieceLength; i++) {
        const at = piece * pieceLength + i;
        padded[at] = (padded[at] ?? 0) ^ multiply(weight, value[i] ?? 0);
      }
    }
  }
  return padded.slice(0, length);
}

function checkShares(shares: readonly PointShare[], length: number): void {
  const points = new Set<number>();
  for (const { point, value } of shares) {
    if (!(Number.isInteger(point) && point >= 1 && point <= 255) || points.has(point)) {
      throw new HoldfastError('SHARE_INVALID', `share ${point} is there twice or has no place`);
    }
    points.add(point);
    if (value.length !== length) {
      throw new HoldfastError(
        'SHARE_INVALID',
        `share ${point} has ${value.length} bytes, not ${length}`,
      );
    }
  }
}

/**
 * The inverse Vandermonde matrix: row j holds the coefficients of the polynomial that is 1 at point j and 0 at the
 * others, product of (x - x_m) / (x_j - x_m).
 */
function interpolation(points: readonly number[]): readonly Uint8Array[] {
  return points.map((own) => {
    let basis: Uint8Array = Uint8Array.of(1);
    for (const other of points) {
      if (other === own) continue;
      const scale = invert(own ^ other);
      const next = new Uint8Array(basis.length + 1);
      for (const [i, coefficient] of basis.entries()) {
        const scaled = multiply(coefficient, scale);
        next[i] = (next[i] ?? 0) ^ multiply(scaled, other);
        next[i + 1] = scaled;
      }
      basis = next;
    }
    return basis;
  });
}
