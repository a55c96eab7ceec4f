/**
 * The seed on the owner's device, under a password: scrypt (RFC 7914; N = 2^17, r = 8, p = 1) and AES-256-GCM.
 *
 * It stays on the device. On the ledger every member could guess the password for ever, and changing it would revoke
 * nothing.
 *
 * @module
 */
import { z } from 'zod';
import { platform, type Random } from '#platform';
import { base64url, fromBase64url, lengthPrefixed } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { label } from './labels.ts';
import { bytes } from './schema.ts';

const SALT_LENGTH = 16;
const IV_LENGTH = 12;

export const wrappedSeed = z.strictObject({
  version: z.literal(1),
  /** Salt of scrypt. */
  salt: bytes(SALT_LENGTH),
  iv: bytes(IV_LENGTH),
  /** The seed, with the tag of AES-GCM behind it. */
  ciphertext: bytes(48),
});
export type WrappedSeed = z.infer<typeof wrappedSeed>;

/** (Owner) Locks a seed under a password; about half a second of one core and 128 MiB. */
export async function wrapSeed(
  seed: Uint8Array,
  password: string,
  random: Random,
): Promise<WrappedSeed> {
  const salt = random(SALT_LENGTH);
  const iv = random(IV_LENGTH);
  const key = await keyOf(password, salt);
  const ciphertext = await platform.gcmSeal(key, iv, binding(), seed);
  return {
    version: 1,
    salt: base64url(salt),
    iv: base64url(iv),
    ciphertext: base64url(ciphertext),
  };
}

/**
 * (Owner) The seed, where the password is right.
 *
 * @throws `SEED_LOCKED` where it is not, or the file is damaged: nobody can tell which.
 */
export async function unwrapSeed(wrapped: WrappedSeed, password: string): Promise<Uint8Array> {
  const key = await keyOf(password, fromBase64url(wrapped.salt, SALT_LENGTH));
  const iv = fromBase64url(wrapped.iv, IV_LENGTH);
  const ciphertext = fromBase64url(wrapped.ciphertext, 48);
  try {
    return await platform.gcmOpen(key, iv, binding(), ciphertext);
  } catch (cause) {
    throw new HoldfastError('SEED_LOCKED', 'the password does not open this seed', { cause });
  }
}

/** One password has one spelling, whatever keyboard it was typed on. */
const keyOf = (password: string, salt: Uint8Array): Promise<Uint8Array> =>
  platform.scrypt(password.normalize('NFKC'), salt);

const binding = (): Uint8Array => lengthPrefixed(label('wrapped-seed'));
