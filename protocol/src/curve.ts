/**
 * BLS12-381: the one group of tags, proofs and signatures. Tags and signatures are points of G1 (48 bytes), keys points
 * of G2 (96 bytes), compressed as the ZCash format has it; hashing to G1 after RFC 9380, suite
 * BLS12381G1_XMD:SHA-256_SSWU_RO_.
 *
 * Arithmetic is mcl's. Points are plain values in mcl's representation, and one point has several: compare with
 * {@link equal1}, or compare encodings.
 *
 * @module
 */
import { equalBytes, fromHex, utf8 } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { memory, SIZE, startMcl, startedMcl, withMemory, writeScalar, type Mcl } from './mcl.ts';
import { multiplyByTable, newBaseTable, sumOfMultiples } from './multi-scalar.ts';
import { inverse, modulo } from './scalar.ts';

/** h: the curve over the base field has h * r points. */
const COFACTOR = 0x396c8c005555e1568c00aaab0000aaabn;

/** A point of G1; one decoded with `anyOrder` may be any point of the curve. */
export interface G1 {
  readonly group: 'G1';
  readonly limbs: Uint8Array;
}

/** A point of G2. */
export interface G2 {
  readonly group: 'G2';
  readonly limbs: Uint8Array;
}

/** The generators g1 and g2 of the standard, compressed. */
export const BASE_1 = fromHex(
  '97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
);
export const BASE_2 = fromHex(
  '93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e' +
    '024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8',
);

/** Starts the arithmetic; to be awaited before any other function here. Calls after the first are free. */
export const ready = (): Promise<void> => startMcl();

/**
 * The point of G1 that `bytes` encode.
 *
 * @param bytes - 48 bytes, compressed.
 * @param allow - `infinity`: also the identity. `anyOrder`: also points outside the subgroup, where the caller
 *   projects what it makes of them ({@link project1}).
 * @throws `INPUT_INVALID` unless they are the one encoding of such a point.
 */
export function decodeG1(
  bytes: Uint8Array,
  allow: { readonly infinity?: true; readonly anyOrder?: true } = {},
): G1 {
  const mod = startedMcl();
  if (bytes.length !== 48) throw invalid('G1', `${bytes.length} bytes, expected 48`);
  return withMemory(mod, SIZE.g1 + 48, (z) => {
    const at = z + SIZE.g1;
    memory(mod).set(bytes, at);
    if (mod._mclBnG1_deserialize(z, at, 48) !== 48) throw invalid('G1', 'not on the curve');
    mod._mclBnG1_serialize(at, 48, z);
    if (!equalBytes(memory(mod).subarray(at, at + 48), bytes)) {
      throw invalid('G1', 'not the canonical encoding');
    }
    if (mod._mclBnG1_isZero(z) === 1 && allow.infinity !== true) throw invalid('G1', 'infinity');
    if (allow.anyOrder !== true && mod._mclBnG1_isValidOrder(z) !== 1) {
      throw invalid('G1', 'outside the subgroup');
    }
    return take1(mod, z);
  });
}

/** As {@link decodeG1}, for a key: 96 bytes, in the subgroup, never the identity. */
export function decodeG2(bytes: Uint8Array): G2 {
  const mod = startedMcl();
  if (bytes.length !== 96) throw invalid('G2', `${bytes.length} bytes, expected 96`);
  return withMemory(mod, SIZE.g2 + 96, (z) => {
    const at = z + SIZE.g2;
    memory(mod).set(bytes, at);
    if (mod._mclBnG2_deserialize(z, at, 96) !== 96) throw invalid('G2', 'not on the curve');
    mod._mclBnG2_serialize(at, 96, z);
    if (!equalBytes(memory(mod).subarray(at, at + 96), bytes)) {
      throw invalid('G2', 'not the canonical encoding');
    }
    if (mod._mclBnG2_isZero(z) === 1) throw invalid('G2', 'infinity');
    if (mod._mclBnG2_isValidOrder(z) !== 1) throw invalid('G2', 'outside the subgroup');
    return take2(mod, z);
  });
}

const invalid = (group: string, reason: string): HoldfastError =>
  new HoldfastError('INPUT_INVALID', `point of ${group}: ${reason}`);

export function encodeG1(point: G1): Uint8Array {
  const mod = startedMcl();
  return withMemory(mod, SIZE.g1 + 48, (x) => {
    memory(mod).set(point.limbs, x);
    mod._mclBnG1_serialize(x + SIZE.g1, 48, x);
    return memory(mod).slice(x + SIZE.g1, x + SIZE.g1 + 48);
  });
}

export function encodeG2(point: G2): Uint8Array {
  const mod = startedMcl();
  return withMemory(mod, SIZE.g2 + 96, (x) => {
    memory(mod).set(point.limbs, x);
    mod._mclBnG2_serialize(x + SIZE.g2, 96, x);
    return memory(mod).slice(x + SIZE.g2, x + SIZE.g2 + 96);
  });
}

/** hash_to_curve of RFC 9380 section 3, for G1. */
export function hashToG1(message: Uint8Array, dst: string): G1 {
  const mod = startedMcl();
  const tag = utf8(dst);
  return withMemory(mod, SIZE.g1 + tag.length + message.length, (z) => {
    const dstAt = z + SIZE.g1;
    const messageAt = dstAt + tag.length;
    memory(mod).set(tag, dstAt);
    memory(mod).set(message, messageAt);
    const failed = mod._mclBnG1_hashAndMapToWithDst(
      z,
      messageAt,
      message.length,
      dstAt,
      tag.length,
    );
    if (failed !== 0) throw new Error('bug: mcl cannot hash to G1');
    return take1(mod, z);
  });
}

/** The identity of G1. */
export const zero1 = (): G1 => ({ group: 'G1', limbs: new Uint8Array(SIZE.g1) });

export const isZero1 = (point: G1): boolean =>
  unary(point, (mod, z) => mod._mclBnG1_isZero(z) === 1);

export const add1 = (a: G1, b: G1): G1 => binary(a, b, (mod, x, y) => mod._mclBnG1_add(x, x, y));

export const subtract1 = (a: G1, b: G1): G1 =>
  binary(a, b, (mod, x, y) => mod._mclBnG1_sub(x, x, y));

export const negate1 = (point: G1): G1 =>
  unary(point, (mod, z) => {
    mod._mclBnG1_neg(z, z);
    return take1(mod, z);
  });

export function equal1(a: G1, b: G1): boolean {
  const mod = startedMcl();
  return withMemory(mod, 2 * SIZE.g1, (x) => {
    memory(mod).set(a.limbs, x);
    memory(mod).set(b.limbs, x + SIZE.g1);
    return mod._mclBnG1_isEqual(x, x + SIZE.g1) === 1;
  });
}

export function equal2(a: G2, b: G2): boolean {
  const mod = startedMcl();
  return withMemory(mod, 2 * SIZE.g2, (x) => {
    memory(mod).set(a.limbs, x);
    memory(mod).set(b.limbs, x + SIZE.g2);
    return mod._mclBnG2_isEqual(x, x + SIZE.g2) === 1;
  });
}

/** scalar * point, in constant time for a point of the subgroup: secrets may multiply. */
export function multiply1(point: G1, scalar: bigint): G1 {
  const mod = startedMcl();
  return withMemory(mod, SIZE.g1 + SIZE.scalar, (z) => {
    memory(mod).set(point.limbs, z);
    writeScalar(mod, z + SIZE.g1, modulo(scalar));
    mod._mclBnG1_mulCT(z, z, z + SIZE.g1);
    return take1(mod, z);
  });
}

let baseTable: number | undefined;

/** scalar * g1, from a table that the first call makes (about 30 ms). Its time depends on the scalar. */
export function multiplyBase(scalar: bigint): G1 {
  const mod = startedMcl();
  const table = (baseTable ??= withMemory(mod, SIZE.g1, (base) => {
    memory(mod).set(decodeG1(BASE_1).limbs, base);
    return newBaseTable(mod, base);
  }));
  return withMemory(mod, SIZE.g1, (z) => {
    multiplyByTable(mod, z, table, modulo(scalar));
    return take1(mod, z);
  });
}

/** scalar * g2, in constant time. */
export function multiplyBase2(scalar: bigint): G2 {
  const mod = startedMcl();
  const base = decodeG2(BASE_2);
  return withMemory(mod, SIZE.g2 + SIZE.scalar, (z) => {
    memory(mod).set(base.limbs, z);
    writeScalar(mod, z + SIZE.g2, modulo(scalar));
    mod._mclBnG2_mulCT(z, z, z + SIZE.g2);
    mod._mclBnG2_normalize(z, z);
    return take2(mod, z);
  });
}

/**
 * Sum of scalars[i] * points[i]; not for secrets.
 *
 * @param scalars - integers from 0, taken as they are: right also for points outside the subgroup.
 */
export function multiScalar(points: readonly G1[], scalars: readonly bigint[]): G1 {
  if (points.length !== scalars.length) throw new Error('bug: a scalar for each point');
  if (points.length === 0) return zero1();
  const mod = startedMcl();
  return withMemory(mod, (points.length + 1) * SIZE.g1, (z) => {
    const first = z + SIZE.g1;
    const bytes = memory(mod);
    points.forEach((point, i) => bytes.set(point.limbs, first + i * SIZE.g1));
    mod._mclBnG1_normalizeVec(first, first, points.length);
    sumOfMultiples(mod, z, first, scalars);
    return take1(mod, z);
  });
}

/** The same points with z = 1, in which additions are cheaper. */
export function normalize(points: readonly G1[]): G1[] {
  if (points.length === 0) return [];
  const mod = startedMcl();
  return withMemory(mod, points.length * SIZE.g1, (first) => {
    const bytes = memory(mod);
    points.forEach((point, i) => bytes.set(point.limbs, first + i * SIZE.g1));
    mod._mclBnG1_normalizeVec(first, first, points.length);
    return points.map((_, i) => take1(mod, first + i * SIZE.g1));
  });
}

/** The component of a curve point in G1: h * (h^-1 mod r) times it; a point of G1 stays itself. */
export function project1(point: G1): G1 {
  return multiply1(multiScalar([point], [COFACTOR]), inverse(COFACTOR));
}

/** Whether the product of the pairings e(P, Q) is one. */
export function pairingsAreOne(pairs: readonly (readonly [G1, G2])[]): boolean {
  const mod = startedMcl();
  // A pairing with the identity is one.
  const factors = pairs.filter(([p]) => !isZero1(p));
  const count = factors.length;
  if (count === 0) return true;
  return withMemory(mod, count * (SIZE.g1 + SIZE.g2) + SIZE.gt, (z) => {
    const ps = z + SIZE.gt;
    const qs = ps + count * SIZE.g1;
    const bytes = memory(mod);
    factors.forEach(([p, q], i) => {
      bytes.set(p.limbs, ps + i * SIZE.g1);
      bytes.set(q.limbs, qs + i * SIZE.g2);
    });
    mod._mclBnG1_normalizeVec(ps, ps, count);
    mod._mclBn_millerLoopVec(z, ps, qs, count);
    mod._mclBn_finalExp(z, z);
    return mod._mclBnGT_isOne(z) === 1;
  });
}

const take1 = (mod: Mcl, at: number): G1 => ({
  group: 'G1',
  limbs: memory(mod).slice(at, at + SIZE.g1),
});

const take2 = (mod: Mcl, at: number): G2 => ({
  group: 'G2',
  limbs: memory(mod).slice(at, at + SIZE.g2),
});

function unary<T>(point: G1, use: (mod: Mcl, z: number) => T): T {
  const mod = startedMcl();
  return withMemory(mod, SIZE.g1, (z) => {
    memory(mod).set(point.limbs, z);
    return use(mod, z);
  });
}

function binary(a: G1, b: G1, use: (mod: Mcl, x: number, y: number) => void): G1 {
  const mod = startedMcl();
  return withMemory(mod, 2 * SIZE.g1, (x) => {
    memory(mod).set(a.limbs, x);
    memory(mod).set(b.limbs, x + SIZE.g1);
    use(mod, x, x + SIZE.g1);
    return take1(mod, x);
  });
}
