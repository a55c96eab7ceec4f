/**
 * Scalars: integers modulo r, the prime order of G1 and G2.
 *
 * @module
 */
import { integer, toInteger } from './bytes.ts';
import { HoldfastError } from './errors.ts';

/** r: the prime order of G1 and G2; scalars are integers modulo r. */
export const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

/** A scalar from at least 48 uniform bytes, big-endian, modulo r: its bias is below 2^-128. */
export function toScalar(bytes: Uint8Array): bigint {
  if (bytes.length < 48) throw new Error('bug: a scalar takes 48 bytes');
  return toInteger(bytes) % ORDER;
}

/** 32 bytes, big-endian. */
export const encodeScalar = (scalar: bigint): Uint8Array => integer(scalar, 32);

/** @throws `INPUT_INVALID` unless `bytes` are 32 and below r. */
export function decodeScalar(bytes: Uint8Array): bigint {
  const scalar = toInteger(bytes);
  if (bytes.length !== 32 || scalar >= ORDER) {
    throw new HoldfastError('INPUT_INVALID', 'scalar: expected 32 bytes below the order');
  }
  return scalar;
}

/** `value` modulo r, from 0. */
export function modulo(value: bigint): bigint {
  const rest = value % ORDER;
  return rest < 0n ? rest + ORDER : rest;
}

/** 1 / value modulo r (Fermat); 0 for 0. */
export function inverse(value: bigint): bigint {
  let result = 1n;
  let power = modulo(value);
  for (let rest = ORDER - 2n; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * power) % ORDER;
    power = (power * power) % ORDER;
  }
  return result;
}
