/**
 * A key server's RSA-3072 key, made once and kept as a private file.
 *
 * @module
 */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { fromBase64url, utf8 } from '@holdfast/protocol/bytes.js';
import { privateFile } from '../private-files.ts';

const BITS = 3_072;

/** (Key server) The key in `path`, PKCS #8. */
export async function openRsaKey(path: string): Promise<KeyObject> {
  return createPrivateKey(Buffer.from(await privateFile(path, newRsaKey)));
}

async function newRsaKey(): Promise<Uint8Array> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: BITS,
    publicExponent: 65_537,
  });
  return utf8(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
}

const moduli = new WeakMap<KeyObject, Uint8Array>();

/** N, big-endian, without leading zeros. */
export function rsaModulus(privateKey: KeyObject): Uint8Array {
  const held = moduli.get(privateKey);
  if (held !== undefined) return held;
  const { n } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (n === undefined) throw new Error('bug: not an RSA key');
  const modulus = fromBase64url(n);
  moduli.set(privateKey, modulus);
  return modulus;
}
