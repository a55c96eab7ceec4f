/**
 * The all-or-nothing transform that CDStore puts before dispersal (Li et al. 2015 section 3.2, after Rivest 1997):
 * whoever lacks any 16 bytes of a package learns nothing of the secret in it.
 *
 * ```text
 * h = T("aont", secret)      body = secret xor HKDF(h, "aont")      package = body || h xor SHA-256(body)
 * ```
 *
 * @module
 */
import { platform } from '#platform';
import { concat, equalBytes, xor } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { deriveKey, transcript } from './hash.ts';

/** Bytes that a package is longer than its secret. */
export const PACKAGE_OVERHEAD = 32;

/** (Owner) The package of a secret; the same secret gives the same package. */
export function wrap(secret: Uint8Array): Uint8Array {
  const key = transcript('aont', secret);
  const body = xor(secret, mask(key, secret.length));
  return concat(body, xor(key, platform.sha256(body)));
}

/**
 * (Owner) The secret in a package.
 *
 * @throws `SHARE_INVALID` where any byte of the package is wrong.
 */
export function unwrap(wrapped: Uint8Array): Uint8Array {
  if (wrapped.length <= PACKAGE_OVERHEAD) {
    throw new HoldfastError('SHARE_INVALID', 'the shares give no whole package');
  }
  const body = wrapped.subarray(0, wrapped.length - PACKAGE_OVERHEAD);
  const key = xor(wrapped.subarray(body.length), platform.sha256(body));
  const secret = xor(body, mask(key, body.length));
  if (!equalBytes(transcript('aont', secret), key)) {
    throw new HoldfastError('SHARE_INVALID', 'the shares give no whole package');
  }
  return secret;
}

const mask = (key: Uint8Array, length: number): Uint8Array => deriveKey(key, 'aont', { length });
