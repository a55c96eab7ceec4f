/**
 * Who is behind a key.
 *
 * @module
 */

/** Whose key it is. */
export interface Signatory {
  readonly ownerId: string;
  readonly mspId: string;
  /** PEM of a certificate of the key. */
  readonly certificate: string;
}

export interface Signer extends Signatory {
  /** SHA-256 of the key's SPKI, hex. */
  readonly keyId: string;
}
