/**
 * The platform in a browser: WebCrypto for bulk bytes, @noble/hashes for what must be synchronous, BigInt for RSA.
 *
 * @module
 */
import { hkdf } from '@noble/hashes/hkdf';
import { hmac } from '@noble/hashes/hmac';
import { scryptAsync } from '@noble/hashes/scrypt';
import { sha256, sha384 } from '@noble/hashes/sha2';
import type { Platform, RsaPublic } from './platform.ts';

export type { Platform, Random, RsaPublic } from './platform.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export const platform: Platform = {
  sha256: (...parts) => updated(sha256.create(), parts),
  sha384: (...parts) => updated(sha384.create(), parts),
  hmac: (key, ...parts) => updated(hmac.create(sha256, key), parts),
  hkdf: (ikm, salt, info, length) => hkdf(sha256, ikm, salt, info, length),
  async sha256Bulk(...parts) {
    return new Uint8Array(await crypto.subtle.digest('SHA-256', joined(parts)));
  },
  async aesCtr(key, bytes, counter = new Uint8Array(16)) {
    const algorithm = { name: 'AES-CTR', counter: counter as Bytes, length: 128 };
    const imported = await aesKey('AES-CTR', key, 'encrypt');
    return new Uint8Array(await crypto.subtle.encrypt(algorithm, imported, bytes as Bytes));
  },
  async gcmSeal(key, iv, additional, bytes) {
    const imported = await aesKey('AES-GCM', key, 'encrypt');
    const sealed = await crypto.subtle.encrypt(gcm(iv, additional), imported, bytes as Bytes);
    return new Uint8Array(sealed);
  },
  async gcmOpen(key, iv, additional, bytes) {
    const imported = await aesKey('AES-GCM', key, 'decrypt');
    const opened = await crypto.subtle.decrypt(gcm(iv, additional), imported, bytes as Bytes);
    return new Uint8Array(opened);
  },
  rsaPublic,
  scrypt: (password, salt, { N, r, p } = { N: 2 ** 17, r: 8, p: 1 }) =>
    scryptAsync(password, salt, { N, r, p, dkLen: 32 }),
};

/** The parts in one array; a single one as it is. */
function joined(parts: readonly Uint8Array[]): Bytes {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only as Bytes;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

interface Hash {
  update(bytes: Uint8Array): Hash;
  digest(): Uint8Array;
}

function updated(hash: Hash, parts: readonly Uint8Array[]): Uint8Array {
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const aesKey = (name: 'AES-CTR' | 'AES-GCM', key: Uint8Array, use: 'encrypt' | 'decrypt') =>
  crypto.subtle.importKey('raw', key as Bytes, { name }, false, [use]);

const gcm = (iv: Uint8Array, additional: Uint8Array) => ({
  name: 'AES-GCM',
  iv: iv as Bytes,
  additionalData: additional as Bytes,
});

function rsaPublic({ modulus, exponent }: RsaPublic, x: Uint8Array): Uint8Array {
  const n = toInteger(modulus);
  const base = toInteger(x);
  if (x.length !== modulus.length || base >= n) throw new Error('no element of the modulus');
  let power = 1n;
  for (const bit of exponent.toString(2)) {
    power = (power * power) % n;
    if (bit === '1') power = (power * base) % n;
  }
  const digits = power.toString(16).padStart(2 * modulus.length, '0');
  return Uint8Array.from(modulus, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

const toInteger = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`);
