/**
 * The leaves of a file as they travel and are stored beside it: what the hash of each leaf binds (`file-root.ts`).
 *
 * ```text
 * leaf = u64 uid || u32 length || SHA-256(ciphertext) (32)
 * ```
 *
 * @module
 */
import { concat, toInteger, u32be, u64be } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import type { StoredBlock } from './file-cid.ts';

/** Bytes of one leaf. */
export const LEAF_BYTES = 44;

export interface Leaf extends StoredBlock {
  readonly uid: number;
}

export const encodeLeaf = ({ uid, length, digest }: Leaf): Uint8Array =>
  concat(u64be(uid), u32be(length), digest);

/**
 * Decodes leaves; that they hash to the root of the file is the caller's to check.
 *
 * @throws `INPUT_INVALID` where the bytes are no whole leaves.
 */
export function decodeLeaves(bytes: Uint8Array): Leaf[] {
  if (bytes.length % LEAF_BYTES !== 0) {
    throw new HoldfastError('INPUT_INVALID', `leaves: ${bytes.length} bytes are no whole leaves`);
  }
  return Array.from({ length: bytes.length / LEAF_BYTES }, (_, i) => {
    const leaf = bytes.slice(i * LEAF_BYTES, (i + 1) * LEAF_BYTES);
    const uid = Number(toInteger(leaf.slice(0, 8)));
    if (!Number.isSafeInteger(uid)) {
      throw new HoldfastError('INPUT_INVALID', `leaves: leaf ${i} has an id beyond 2^53`);
    }
    return { uid, length: Number(toInteger(leaf.slice(8, 12))), digest: leaf.slice(12) };
  });
}
