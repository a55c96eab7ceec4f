/**
 * Sealing to a public key: HPKE (RFC 9180) in base mode with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM.
 *
 * @module
 */
import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import type { Random } from '#platform';
import { concat, lengthPrefixed } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { deriveKey } from './hash.ts';

/** Bytes of an encapsulated key, of a public key and of a private key. */
const KEY_LENGTH = 32;
/** Bytes that a ciphertext is longer than its plaintext. */
export const SEAL_OVERHEAD = 16;

/** X25519, 32 bytes each. */
export interface HpkeKeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** What both sides agree on besides the plaintext; neither is sent. */
export interface SealContext {
  /** Which use of the key this is, at most 128 bytes. */
  readonly info: Uint8Array;
  /** Everything the plaintext belongs to. */
  readonly additional: Uint8Array;
}

export interface Sealed {
  /** The encapsulated key, 32 bytes. */
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

const newSuite = (): CipherSuite =>
  new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Aes256Gcm(),
  });

/** (Owner, Agent) The key pair of 32 secret bytes: DeriveKeyPair of RFC 9180 section 7.1.3. */
export async function hpkeKeyPair(material: Uint8Array): Promise<HpkeKeyPair> {
  const { kem } = newSuite();
  const pair = await kem.deriveKeyPair(material);
  return {
    publicKey: new Uint8Array(await kem.serializePublicKey(pair.publicKey)),
    privateKey: new Uint8Array(await kem.serializePrivateKey(pair.privateKey)),
  };
}

/**
 * (Owner, Agent) Seals a message to a public key; whoever sealed it cannot open it.
 *
 * The ephemeral key depends on context and message besides the random bytes: where a generator repeats itself, two
 * messages still meet two keys.
 *
 * @throws `KEY_INVALID` where the public key is none.
 */
export async function seal(
  publicKey: Uint8Array,
  plaintext: Uint8Array,
  { info, additional }: SealContext,
  random: Random,
): Promise<Sealed> {
  const suite = newSuite();
  const context = concat(lengthPrefixed(additional), plaintext);
  const ephemeral = deriveKey(random(KEY_LENGTH), 'ephemeral', { context });
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey);
    const sender = { recipientPublicKey, info, ekm: ephemeral };
    const { enc, ct } = await suite.seal(sender, plaintext, additional);
    return { enc: new Uint8Array(enc), ciphertext: new Uint8Array(ct) };
  } catch (cause) {
    throw new HoldfastError('KEY_INVALID', 'nothing can be sealed to this key', { cause });
  }
}

/**
 * (Owner, Agent) Opens what was sealed to the holder of a private key.
 *
 * @throws `SHARE_INVALID` where key, context or any byte differs from what was sealed.
 */
export async function open(
  privateKey: Uint8Array,
  { enc, ciphertext }: Sealed,
  { info, additional }: SealContext,
): Promise<Uint8Array> {
  const suite = newSuite();
  try {
    const recipientKey = await suite.kem.deserializePrivateKey(privateKey);
    return new Uint8Array(await suite.open({ recipientKey, enc, info }, ciphertext, additional));
  } catch (cause) {
    throw new HoldfastError('SHARE_INVALID', 'the seal does not open', { cause });
  }
}
