/**
 * The platform on Node: OpenSSL through node:crypto.
 *
 * @module
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  hash,
  hkdfSync,
  publicEncrypt,
  scrypt as scryptCallback,
  type KeyObject,
} from 'node:crypto';
import type { Platform, RsaPublic } from './platform.ts';

export type { Platform, Random, RsaPublic } from './platform.ts';

const GCM_TAG = 16;

export const platform: Platform = {
  sha256: (...parts) => digest('sha256', parts),
  sha384: (...parts) => digest('sha384', parts),
  hmac(key, ...parts) {
    const mac = createHmac('sha256', key);
    for (const part of parts) mac.update(part);
    return plain(mac.digest());
  },
  hkdf: (ikm, salt, info, length) => new Uint8Array(hkdfSync('sha256', ikm, salt, info, length)),
  sha256Bulk: async (...parts) => digest('sha256', parts),
  async aesCtr(key, bytes, counter = new Uint8Array(16)) {
    return plain(createCipheriv('aes-256-ctr', key, counter).update(bytes));
  },
  async gcmSeal(key, iv, additional, bytes) {
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(additional);
    return plain(Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]));
  },
  async gcmOpen(key, iv, additional, bytes) {
    if (bytes.length < GCM_TAG) throw new Error('shorter than its tag');
    const end = bytes.length - GCM_TAG;
    const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: GCM_TAG })
      .setAAD(additional)
      .setAuthTag(bytes.subarray(end));
    return plain(Buffer.concat([decipher.update(bytes.subarray(0, end)), decipher.final()]));
  },
  rsaPublic: (key, x) =>
    plain(publicEncrypt({ key: rsaKey(key), padding: constants.RSA_NO_PADDING }, x)),
  scrypt: (password, salt, cost = { N: 2 ** 17, r: 8, p: 1 }) =>
    new Promise((resolve, reject) => {
      const options = { ...cost, maxmem: 256 * 1024 * 1024 };
      scryptCallback(password, salt, 32, options, (error, key) =>
        error === null ? resolve(plain(key)) : reject(error),
      );
    }),
};

/** A Buffer is a view into a shared pool and has methods of its own: what leaves here is a plain array. */
const plain = (buffer: Buffer): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);

/** Up to this many bytes are cheaper to copy together than to hand over one by one. */
const SMALL = 1_024;

function digest(algorithm: string, parts: readonly Uint8Array[]): Uint8Array {
  if (parts.reduce((sum, { length }) => sum + length, 0) <= SMALL) {
    return fromBinary(hash(algorithm, Buffer.concat(parts), 'binary'));
  }
  const long = createHash(algorithm);
  for (const part of parts) long.update(part);
  return fromBinary(long.digest('binary'));
}

/** A digest comes as text, because a Buffer each, outside the heap, costs a tree of a million more than its hashing. */
function fromBinary(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function rsaKey({ modulus, exponent }: RsaPublic): KeyObject {
  const e = exponent.toString(16);
  const n = Buffer.from(modulus).toString('base64url');
  const key = {
    kty: 'RSA',
    n,
    e: Buffer.from(e.padStart(e.length + (e.length % 2), '0'), 'hex').toString('base64url'),
  };
  return createPublicKey({ format: 'jwk', key });
}
