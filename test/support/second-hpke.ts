/**
 * A second opinion on HPKE: base mode of RFC 9180 with DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256, recipient's side,
 * from node:crypto alone and in the order of the RFC's pseudocode.
 */
import {
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';

const AEAD = { 'aes-128-gcm': { id: 1, keyLength: 16 }, 'aes-256-gcm': { id: 2, keyLength: 32 } };

interface Opening {
  readonly cipher: keyof typeof AEAD;
  /** Raw X25519 keys. */
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly enc: Uint8Array;
  readonly info: Uint8Array;
}

const EMPTY = Buffer.alloc(0);
const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
  createHmac('sha256', key).update(Buffer.concat(parts)).digest();

function labelled(suite: Buffer) {
  return {
    extract: (salt: Buffer, label: string, material: Uint8Array) =>
      hmac(salt, Buffer.from('HPKE-v1'), suite, Buffer.from(label), material),
    expand(key: Buffer, label: string, info: Uint8Array, length: number) {
      const start = [u16(length), Buffer.from('HPKE-v1'), suite, Buffer.from(label), info];
      return hmac(key, ...start, Buffer.of(1)).subarray(0, length);
    },
  };
}

function agree(privateKey: Uint8Array, publicKey: Uint8Array): Buffer {
  const pkcs8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
  const spki = Buffer.from('302a300506032b656e032100', 'hex');
  return diffieHellman({
    privateKey: createPrivateKey({
      key: Buffer.concat([pkcs8, privateKey]),
      format: 'der',
      type: 'pkcs8',
    }),
    publicKey: createPublicKey({
      key: Buffer.concat([spki, publicKey]),
      format: 'der',
      type: 'spki',
    }),
  });
}

/** Shared secret, key and first nonce (sections 4.1 and 5.1). */
export function keySchedule({ cipher, privateKey, publicKey, enc, info }: Opening) {
  const kem = labelled(Buffer.concat([Buffer.from('KEM'), u16(32)]));
  const material = kem.extract(EMPTY, 'eae_prk', agree(privateKey, enc));
  const both = Buffer.concat([enc, publicKey]);
  const sharedSecret = kem.expand(material, 'shared_secret', both, 32);

  const { id, keyLength } = AEAD[cipher];
  const suite = labelled(Buffer.concat([Buffer.from('HPKE'), u16(32), u16(1), u16(id)]));
  const context = Buffer.concat([
    Buffer.of(0),
    suite.extract(EMPTY, 'psk_id_hash', EMPTY),
    suite.extract(EMPTY, 'info_hash', info),
  ]);
  const secret = suite.extract(sharedSecret, 'secret', EMPTY);
  return {
    sharedSecret,
    key: suite.expand(secret, 'key', context, keyLength),
    baseNonce: suite.expand(secret, 'base_nonce', context, 12),
  };
}

export function secondOpen(
  opening: Opening,
  ciphertext: Uint8Array,
  additional: Uint8Array,
): Buffer {
  const { key, baseNonce } = keySchedule(opening);
  const end = ciphertext.length - 16;
  const decipher = createDecipheriv(opening.cipher, key, baseNonce)
    .setAAD(additional)
    .setAuthTag(ciphertext.subarray(end));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, end)), decipher.final()]);
}
