/**
 * What differs between Node and a browser; everything else in this room is plain TypeScript.
 *
 * Small functions are synchronous, functions over bulk bytes are not. Randomness is not here: it is always an argument.
 *
 * @module
 */

/** An RSA public key: modulus big-endian without leading zeros. */
export interface RsaPublic {
  readonly modulus: Uint8Array;
  readonly exponent: number;
}

/** Draws `length` random bytes: the argument of every function that needs randomness. */
export type Random = (length: number) => Uint8Array;

/** Cost parameters by their names in RFC 7914. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export interface Platform {
  /** SHA-256 of the concatenated parts, for at most 64 KiB at a time in a browser. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  sha384(...parts: readonly Uint8Array[]): Uint8Array;
  hmac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;
  /** HKDF-SHA-256 (RFC 5869), at most 255 * 32 bytes. */
  hkdf(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** SHA-256 of the concatenated parts, of any length. */
  sha256Bulk(...parts: readonly Uint8Array[]): Promise<Uint8Array>;
  /**
   * AES-256-CTR; encrypts and decrypts. The key serves exactly one plaintext.
   *
   * @param counter - first counter block, 16 bytes; zero unless given.
   */
  aesCtr(key: Uint8Array, bytes: Uint8Array, counter?: Uint8Array): Promise<Uint8Array>;
  /** AES-256-GCM; the 16-byte tag follows the ciphertext. */
  gcmSeal(
    key: Uint8Array,
    iv: Uint8Array,
    additional: Uint8Array,
    bytes: Uint8Array,
  ): Promise<Uint8Array>;
  /** @throws any error where the tag does not match. */
  gcmOpen(
    key: Uint8Array,
    iv: Uint8Array,
    additional: Uint8Array,
    bytes: Uint8Array,
  ): Promise<Uint8Array>;
  /** x^e mod N, as long as the modulus. */
  rsaPublic(key: RsaPublic, x: Uint8Array): Uint8Array;
  /** scrypt (RFC 7914): 32 bytes. @param cost - N = 2^17, r = 8, p = 1 unless given. */
  scrypt(password: string, salt: Uint8Array, cost?: ScryptCost): Promise<Uint8Array>;
}
