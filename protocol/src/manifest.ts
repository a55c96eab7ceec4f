/**
 * The manifest: what opens a file beside its key. It follows the padded ciphertext as the file's last block or blocks, so
 * it is tagged, audited and deduplicated with them, and one CID names everything a key opens.
 *
 * ```text
 * plaintext = u64 size || oprfSetId (32) || u32 count || count x ( u32 length || E_j (32) )
 * sealed    = nonce (12) || AES-256-GCM under HKDF(K_F, "manifest") || tag (16)
 * ```
 *
 * @module
 */
import { concat, concatAll, toInteger, u32be, u64be } from './bytes.ts';
import { openRecord, RECORD_OVERHEAD, sealRecord, type RecordLabels } from './cipher.ts';
import { HoldfastError } from './errors.ts';
import { extentCount } from './extents.ts';

const LABELS: RecordLabels = { key: 'manifest', nonce: 'manifest-iv' };
const HEAD_BYTES = 8 + 32 + 4;
const ENTRY_BYTES = 4 + 32;

export interface ManifestExtent {
  /** Bytes of plaintext. */
  readonly length: number;
  /** E_j, 32 bytes. */
  readonly key: Uint8Array;
}

export interface Manifest {
  /** Exact bytes of plaintext; nobody but an owner knows it. */
  readonly size: number;
  /** The key servers that the keys came from. */
  readonly oprfSetId: Uint8Array;
  readonly extents: readonly ManifestExtent[];
}

/** Bytes of the sealed manifest of a file of `size` bytes. */
export const manifestSize = (size: number): number =>
  RECORD_OVERHEAD + HEAD_BYTES + ENTRY_BYTES * extentCount(size);

/** (Owner) Seals a manifest under K_F; the same manifest gives the same bytes. */
export function sealManifest(fileKey: Uint8Array, manifest: Manifest): Promise<Uint8Array> {
  const entries = manifest.extents.map(({ length, key }) => concat(u32be(length), key));
  const head = [u64be(manifest.size), manifest.oprfSetId, u32be(entries.length)];
  return sealRecord(fileKey, LABELS, concatAll([...head, ...entries]));
}

/**
 * (Owner) Opens a manifest.
 *
 * @throws `KEY_INVALID` where K_F does not open it, `INPUT_INVALID` where its author wrote nonsense.
 */
export async function openManifest(fileKey: Uint8Array, sealed: Uint8Array): Promise<Manifest> {
  return parseManifest(await openRecord(fileKey, LABELS, sealed));
}

function parseManifest(bytes: Uint8Array): Manifest {
  const size = toInteger(bytes.slice(0, 8));
  const count = Number(toInteger(bytes.slice(40, HEAD_BYTES)));
  if (bytes.length !== HEAD_BYTES + count * ENTRY_BYTES || count === 0) {
    throw new HoldfastError('INPUT_INVALID', `manifest: ${count} extents in ${bytes.length} bytes`);
  }
  const extents = Array.from({ length: count }, (_, index) => {
    const start = HEAD_BYTES + index * ENTRY_BYTES;
    const entry = bytes.slice(start, start + ENTRY_BYTES);
    return { length: Number(toInteger(entry.slice(0, 4))), key: entry.slice(4) };
  });
  const total = extents.reduce((sum, { length }) => sum + length, 0);
  if (size !== BigInt(total)) {
    throw new HoldfastError('INPUT_INVALID', `manifest: ${total} bytes in extents, ${size} in all`);
  }
  return { size: total, oprfSetId: bytes.slice(8, 40), extents };
}
