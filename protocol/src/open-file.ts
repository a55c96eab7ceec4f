/**
 * A file on its way back: every block is digested and compared before a byte of it leaves, then decrypted cell by cell.
 *
 * @module
 */
import { platform } from '#platform';
import { newByteReader } from './byte-reader.ts';
import { equalBytes } from './bytes.ts';
import { CELL_BYTES, cryptCell } from './cipher.ts';
import { HoldfastError } from './errors.ts';
import type { StoredBlock } from './file-cid.ts';
import { openManifest, type Manifest } from './manifest.ts';

/** Bytes of plaintext: the first, and the one after the last. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A file whose key and manifest hold. */
export interface OpenedFile {
  readonly manifest: Manifest;
  /** Blocks of ciphertext, without those of the manifest. */
  readonly dataBlocks: readonly StoredBlock[];
}

/**
 * (Owner) Opens the manifest of a stored file.
 *
 * @param blocks - all blocks in order, verified against the root on the ledger; the manifest's are the last.
 * @param sealed - the sealed manifest as the gateway gave it.
 * @throws `ANSWER_FALSE` where it is not the content of the last blocks; `KEY_INVALID` where K_F does not open it.
 */
export async function openStoredFile(
  blocks: readonly StoredBlock[],
  sealed: Uint8Array,
  fileKey: Uint8Array,
): Promise<OpenedFile> {
  let first = blocks.length;
  let end = sealed.length;
  for (const [index, block] of [...blocks.entries()].toReversed()) {
    if (end <= 0) break;
    await verifyBlock(index, block, sealed.subarray(Math.max(0, end - block.length), end));
    end -= block.length;
    first = index;
  }
  if (end !== 0 || sealed.length === 0)
    throw new HoldfastError('ANSWER_FALSE', 'the manifest is no run of blocks');
  const manifest = await openManifest(fileKey, sealed);
  const dataBlocks = blocks.slice(0, first);
  const stored = dataBlocks.reduce((sum, { length }) => sum + length, 0);
  if (stored < manifest.size) {
    throw new HoldfastError(
      'INPUT_INVALID',
      `the manifest speaks of ${manifest.size} bytes, ${stored} are stored`,
    );
  }
  return { manifest, dataBlocks };
}

/** What has to be fetched for a range of plaintext. */
export interface ContentRange extends ByteRange {
  /** Index of the block that begins at `start`. */
  readonly firstBlock: number;
}

/**
 * (Owner) The bytes of ciphertext, whole blocks, that {@link openFile} reads for a range of plaintext.
 *
 * @throws `INPUT_INVALID` where the range is not within the file.
 */
export function contentRange(
  file: OpenedFile,
  range: ByteRange = wholeOf(file.manifest),
): ContentRange {
  checkRange(range, file.manifest.size);
  const [firstCell] = cellsOf(file.manifest, range);
  if (firstCell === undefined) return { start: 0, end: 0, firstBlock: 0 };
  let [start, firstBlock] = [0, 0];
  let end = 0;
  for (const [index, { length }] of file.dataBlocks.entries()) {
    if (end >= range.end) break;
    if (end <= firstCell.start) [start, firstBlock] = [end, index];
    end += length;
  }
  return { start, end, firstBlock };
}

/**
 * (Owner) Decrypts a range of a stored file, the whole file where none is given.
 *
 * @param content - ciphertext from {@link contentRange}'s `start` on, in chunks of any size; what follows its `end` is
 *   not read.
 * @throws `ANSWER_FALSE` naming the block that is not what the ledger's root binds; no byte of it has left.
 */
export async function* openFile(
  file: OpenedFile,
  content: AsyncIterable<Uint8Array>,
  range: ByteRange = wholeOf(file.manifest),
): AsyncGenerator<Uint8Array, void> {
  const from = contentRange(file, range);
  const verified = verifyBlocks(file.dataBlocks.slice(from.firstBlock), from.firstBlock, content);
  const reader = newByteReader(verified);
  try {
    let position = from.start;
    for (const { extentKey, index, start, end } of cellsOf(file.manifest, range)) {
      await reader.read(start - position);
      const plaintext = await cryptCell(extentKey, index, await reader.read(end - start));
      position = end;
      yield start < range.start ? plaintext.slice(range.start - start) : plaintext;
    }
  } finally {
    await reader.close();
  }
}

const wholeOf = ({ size }: Manifest): ByteRange => ({ start: 0, end: size });

function checkRange({ start, end }: ByteRange, size: number): void {
  const isWhole = Number.isSafeInteger(start) && Number.isSafeInteger(end);
  if (!isWhole || start < 0 || end < start || end > size) {
    throw new HoldfastError('INPUT_INVALID', `range ${start} to ${end} of ${size} bytes`);
  }
}

interface CellRange extends ByteRange {
  readonly extentKey: Uint8Array;
  /** The cell within its extent. */
  readonly index: number;
}

/** The cells that a range touches, each from its first byte to its last that is wanted. */
function* cellsOf({ extents }: Manifest, range: ByteRange): Generator<CellRange, void> {
  let offset = 0;
  for (const { length, key } of extents) {
    const from = Math.max(offset, range.start);
    const end = Math.min(offset + length, range.end);
    let index = Math.floor((from - offset) / CELL_BYTES);
    while (from < end && offset + index * CELL_BYTES < end) {
      const start = offset + index * CELL_BYTES;
      yield { extentKey: key, index, start, end: Math.min(start + CELL_BYTES, end) };
      index += 1;
    }
    offset += length;
  }
}

async function* verifyBlocks(
  blocks: readonly StoredBlock[],
  firstBlock: number,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void> {
  const reader = newByteReader(content[Symbol.asyncIterator]());
  try {
    for (const [i, block] of blocks.entries()) {
      const bytes = await reader.read(block.length);
      await verifyBlock(firstBlock + i, block, bytes);
      yield bytes;
    }
  } finally {
    await reader.close();
  }
}

async function verifyBlock(index: number, block: StoredBlock, bytes: Uint8Array): Promise<void> {
  const isSame =
    block.length === bytes.length && equalBytes(await platform.sha256Bulk(bytes), block.digest);
  if (!isSame) {
    throw new HoldfastError('ANSWER_FALSE', `block ${index} is not what the ledger binds`);
  }
}
