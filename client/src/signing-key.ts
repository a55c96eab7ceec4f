/**
 * The owner's P-256 key: it signs requests (RFC 9421), certificate requests and ledger transactions.
 *
 * Through WebCrypto, so that the same lines run in a browser; the key itself comes from the owner's seed.
 *
 * @module
 */
import { concat, hex, toInteger } from '@holdfast/protocol/bytes.js';
import { signingKeyDer } from '@holdfast/protocol/owner-secrets.js';
import { encodeDer, toLowS } from './ecdsa.ts';

export const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface SigningKey {
  /** For the certificate request. */
  readonly keys: { readonly publicKey: CryptoKey; readonly privateKey: CryptoKey };
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** SHA-256 of the SubjectPublicKeyInfo, hex: `keyid` of RFC 9421 and the ledger's `signer`. */
  readonly keyId: string;
  /** ECDSA with SHA-256 over the message: r || s, 64 bytes, low-S. */
  sign(message: Uint8Array): Promise<Uint8Array>;
  /** The same in DER, as Fabric wants it. */
  signDer(message: Uint8Array): Promise<Uint8Array>;
}

type CryptoKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/**
 * (Owner) The signing key with this private scalar.
 *
 * @param scalar - 32 bytes, in [1, order - 1].
 */
export async function newSigningKey(scalar: Uint8Array): Promise<SigningKey> {
  const der = signingKeyDer(toInteger(scalar)) as Uint8Array<ArrayBuffer>;
  const privateKey = await crypto.subtle.importKey('pkcs8', der, P256, true, ['sign']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', privateKey);
  if (kty === undefined || crv === undefined || x === undefined || y === undefined) {
    throw new Error('bug: a private key without its public point');
  }
  const publicKey = await crypto.subtle.importKey('jwk', { kty, crv, x, y }, P256, true, [
    'verify',
  ]);
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
  const sign = async (message: Uint8Array) =>
    toLowS(new Uint8Array(await crypto.subtle.sign(P256, privateKey, message)));
  return {
    keys: { publicKey, privateKey },
    spki,
    keyId: hex(await sha256(spki)),
    sign,
    signDer: async (message) => encodeDer(await sign(message)),
  };
}

export async function sha256(...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const [only, ...others] = parts;
  const whole = only !== undefined && others.length === 0 ? only : concat(...parts);
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
}
