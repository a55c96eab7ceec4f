/**
 * All keys of an owner, derived from one seed of 32 bytes: whoever has the seed has everything, and needs nothing else.
 *
 * @module
 */
import { concat, fromHex, integer, toInteger } from './bytes.ts';
import { encodeG1, multiplyBase } from './curve.ts';
import { ORDER } from './scalar.ts';
import { deriveKey } from './hash.ts';
import { hpkeKeyPair, type HpkeKeyPair } from './hpke.ts';
import type { Label } from './labels.ts';

export const SEED_LENGTH = 32;

/** Order of the group of NIST P-256 (FIPS 186-5; SP 800-186 section 3.2.1.3). */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export interface OwnerSecrets {
  /** Private key of ECDSA on P-256, 1 to order - 1: signs transactions and requests. */
  readonly signingKey: bigint;
  /** Opens key shares. */
  readonly hpke: HpkeKeyPair;
  /** Makes tags; alpha is as secret as x. */
  readonly tagKey: { readonly x: bigint; readonly alpha: bigint };
  /** Trapdoor of the chameleon hash, and Y of 48 bytes. */
  readonly trapdoor: bigint;
  readonly chameleonKey: Uint8Array;
  /** k_n: makes the nonce of a tagging from what is tagged. */
  readonly nonceKey: Uint8Array;
  /** Salt of a file's root and anchor, 32 bytes. */
  readonly saltOf: (fileId: Uint8Array) => Uint8Array;
}

/**
 * (Owner) The secrets of a seed.
 *
 * Scalars are HKDF(seed, label) of 48 bytes, reduced to 1 .. order - 1 with a bias below 2^-127.
 */
export async function ownerSecrets(seed: Uint8Array): Promise<OwnerSecrets> {
  if (seed.length !== SEED_LENGTH) throw new Error('bug: a seed has 32 bytes');
  const trapdoor = scalarOf(seed, 'chameleon', ORDER);
  return {
    signingKey: scalarOf(seed, 'signing', P256_ORDER),
    hpke: await hpkeKeyPair(deriveKey(seed, 'hpke')),
    tagKey: { x: scalarOf(seed, 'tag-secret', ORDER), alpha: scalarOf(seed, 'tag-alpha', ORDER) },
    trapdoor,
    chameleonKey: encodeG1(multiplyBase(trapdoor)),
    nonceKey: deriveKey(seed, 'nonce'),
    saltOf: (fileId) => deriveKey(seed, 'salt', { context: fileId }),
  };
}

/** PKCS #8 (RFC 5208) of a P-256 key up to its 32-byte scalar, without the public point. */
const PKCS8 = fromHex('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420');

/** (Owner) DER of a signing key, for whatever library signs with it. */
export const signingKeyDer = (signingKey: bigint): Uint8Array =>
  concat(PKCS8, integer(signingKey, 32));

const scalarOf = (seed: Uint8Array, label: Label, order: bigint): bigint =>
  (toInteger(deriveKey(seed, label, { length: 48 })) % (order - 1n)) + 1n;
