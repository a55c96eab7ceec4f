/**
 * Every key and name that follows from a file's content, by way of the OPRF (constructions, section 6; paper 000
 * section 4.2: K_F, K_B, T_F).
 *
 * ```text
 * K_F     = HKDF(z_F, salt oprfSetId, "file")
 * E_j     = HKDF(z_j, salt oprfSetId, "extent")
 * K_{j,i} = HKDF(E_j, "cell" || u32 i)          for cells of 256 KiB
 * T_F     = HMAC(K_F, "fingerprint")
 * ```
 *
 * Deviation: paper 000 sends T_F = H(F) in clear, which lets anybody test guesses of a predictable file without a key
 * server; here it is derived from the key. H(B) does not enter a key: z_j commits to the plaintext already, and whoever
 * downloads has no plaintext yet.
 *
 * @module
 */
import { platform } from '#platform';
import { u32be, u64be, utf8 } from './bytes.ts';
import { deriveKey } from './hash.ts';
import { label } from './labels.ts';

/**
 * (Owner) K_F.
 *
 * @param output - z of the file's tau: the outputs of all key servers, in order.
 * @param oprfSetId - 32 bytes; a change of servers begins a new domain of deduplication.
 */
export const fileKey = (output: Uint8Array, oprfSetId: Uint8Array): Uint8Array =>
  deriveKey(output, 'file', { salt: oprfSetId });

/** (Owner) E_j, from z of the extent's tau. */
export const extentKey = (output: Uint8Array, oprfSetId: Uint8Array): Uint8Array =>
  deriveKey(output, 'extent', { salt: oprfSetId });

/** (Owner) Key of cell `index` of an extent, for AES-256-CTR from 0. */
export const cellKey = (ofExtent: Uint8Array, index: number): Uint8Array =>
  deriveKey(ofExtent, 'cell', { context: u32be(index) });

/** (Owner) T_F: by it a provider finds a file that it has already. Never on the ledger. */
export const fingerprint = (ofFile: Uint8Array): Uint8Array =>
  platform.hmac(ofFile, utf8(label('fingerprint')));

/** What W's nonce of a file tagged as a whole depends on. */
export interface TaggedContent {
  readonly fileId: Uint8Array;
  readonly firstUid: number;
  readonly tau: Uint8Array;
  readonly oprfSetId: Uint8Array;
  readonly blockSize: number;
  readonly paddedSize: number;
}

/**
 * (Owner) The nonce of W, 16 bytes: a function of all that decides the ciphertext, so that one W never stands for two
 * contents, even after a failure of the random generator or a machine set back (constructions, section 1.2).
 *
 * @param nonceKey - k_n, from the owner's seed.
 */
export function tagNonce(nonceKey: Uint8Array, content: TaggedContent): Uint8Array {
  const { fileId, firstUid, tau, oprfSetId, blockSize, paddedSize } = content;
  const fields = [fileId, u64be(firstUid), tau, oprfSetId, u32be(blockSize), u64be(paddedSize)];
  return platform.hmac(nonceKey, ...fields).slice(0, 16);
}
