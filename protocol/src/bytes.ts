/**
 * The only place where bytes become text or numbers, and back.
 *
 * Digests and ids are lowercase hex in JSON, all other bytes base64url without padding (RFC 4648 section 5). Every
 * decoder is strict: one value has one spelling. Integers in bytes are big-endian.
 *
 * @module
 */
import { HoldfastError } from './errors.ts';

/** `u32be(length) || bytes`: the only framing of a field whose length varies. */
export function lengthPrefixed(value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === 'string' ? utf8(value) : value;
  return concat(u32be(bytes.length), bytes);
}

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => concatAll(parts);

/** As {@link concat}, of a list as long as a file or a sender makes it: no call takes much more than 100,000 arguments. */
export function concatAll(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** @throws `INPUT_INVALID` where the bytes are not well-formed UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new HoldfastError('INPUT_INVALID', 'not well-formed UTF-8', { cause });
  }
}

export const u8 = (value: number): Uint8Array => integer(BigInt(value), 1);
export const u32be = (value: number): Uint8Array => integer(BigInt(value), 4);
export const u64be = (value: number | bigint): Uint8Array => integer(BigInt(value), 8);

/** @returns `value` in exactly `length` bytes; it must fit. */
export function integer(value: bigint, length: number): Uint8Array {
  if (value < 0n || value >> BigInt(8 * length) !== 0n) {
    throw new Error(`bug: ${value} does not fit ${length} bytes`);
  }
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

export function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${hex(bytes)}`);
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/** @throws `INPUT_INVALID` unless `text` is lowercase hex, of `length` bytes where that is given. */
export function fromHex(text: string, length?: number): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/.test(text) || (length !== undefined && text.length !== 2 * length)) {
    throw new HoldfastError(
      'INPUT_INVALID',
      `not lowercase hex${length === undefined ? '' : ` of ${length} bytes`}`,
    );
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const SEXTETS = new Map(ALPHABET.split('').map((letter, value) => [letter, value]));

export function base64url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const letters = left >= 3 ? 4 : left + 1;
    for (let k = 0; k < letters; k++) text += ALPHABET[(group >> (18 - 6 * k)) & 63];
  }
  return text;
}

/** @throws `INPUT_INVALID` unless `text` is the one base64url spelling of its bytes. */
export function fromBase64url(text: string, length?: number): Uint8Array {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let held = 0;
  let bits = 0;
  let filled = 0;
  let valid = text.length % 4 !== 1;
  for (const letter of text) {
    const value = SEXTETS.get(letter);
    if (value === undefined) valid = false;
    held = ((held << 6) | (value ?? 0)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[filled++] = (held >> bits) & 0xff;
    }
  }
  if ((held & ((1 << bits) - 1)) !== 0) valid = false;
  if (!valid || (length !== undefined && bytes.length !== length)) {
    throw new HoldfastError(
      'INPUT_INVALID',
      `not base64url${length === undefined ? '' : ` of ${length} bytes`}`,
    );
  }
  return bytes;
}

/** Compares in a time that depends on the lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Orders as unsigned bytes, the shorter first where one begins the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length !== b.length) throw new Error('bug: xor of unequal lengths');
  return a.map((byte, i) => byte ^ (b[i] ?? 0));
}
