/**
 * Encryption of what is stored, under keys that each see one plaintext.
 *
 * Cells are AES-256-CTR; the tree, the tags and the ledger's root keep their integrity. Small records are AES-256-GCM
 * with a nonce that is a MAC of the plaintext, as in SIV (Rogaway and Shrimpton, EUROCRYPT 2006): the same record gives
 * the same bytes, and no two records ever share a key stream, so a record may be rewritten under its key.
 *
 * @module
 */
import { platform } from '#platform';
import { concat, equalBytes } from './bytes.ts';
import { cellKey } from './content-keys.ts';
import { HoldfastError } from './errors.ts';
import { deriveKey } from './hash.ts';
import type { Label } from './labels.ts';

/** Plaintext bytes under one key. */
export const CELL_BYTES = 262_144;
/** Nonce and GCM tag of a sealed record. */
export const RECORD_OVERHEAD = 28;

const NONCE_BYTES = 12;
const NOTHING = new Uint8Array();

/**
 * (Owner) Encrypts or decrypts the first bytes of a cell.
 *
 * @param extentKey - E_j.
 * @param index - the cell within its extent.
 */
export const cryptCell = (
  extentKey: Uint8Array,
  index: number,
  bytes: Uint8Array,
): Promise<Uint8Array> => platform.aesCtr(cellKey(extentKey, index), bytes);

/** Two labels: of a record's key and of the key that makes its nonce. */
export interface RecordLabels {
  readonly key: Label;
  readonly nonce: Label;
}

/**
 * (Owner) Seals a record.
 *
 * @returns `nonce (12) || ciphertext || tag (16)`, nonce = HMAC(HKDF(secret, labels.nonce), plaintext)[0..12].
 */
export async function sealRecord(
  secret: Uint8Array,
  labels: RecordLabels,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const nonce = nonceOf(secret, labels, plaintext);
  const key = deriveKey(secret, labels.key);
  return concat(nonce, await platform.gcmSeal(key, nonce, NOTHING, plaintext));
}

/** (Owner) Opens a record. @throws `KEY_INVALID` where another key, or nobody, sealed these bytes. */
export async function openRecord(
  secret: Uint8Array,
  labels: RecordLabels,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const nonce = sealed.slice(0, NONCE_BYTES);
  const plaintext = await decrypt(deriveKey(secret, labels.key), nonce, sealed.slice(NONCE_BYTES));
  if (!equalBytes(nonce, nonceOf(secret, labels, plaintext))) {
    throw new HoldfastError('KEY_INVALID', 'the nonce is not the one of this plaintext');
  }
  return plaintext;
}

const nonceOf = (secret: Uint8Array, labels: RecordLabels, plaintext: Uint8Array): Uint8Array =>
  platform.hmac(deriveKey(secret, labels.nonce), plaintext).slice(0, NONCE_BYTES);

async function decrypt(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  try {
    return await platform.gcmOpen(key, nonce, NOTHING, sealed);
  } catch (cause) {
    throw new HoldfastError('KEY_INVALID', 'the key does not open these bytes', { cause });
  }
}
