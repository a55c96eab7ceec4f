/**
 * What a provider hands out of a file: ciphertext and manifest from its nodes, every block checked, tags, leaves and card
 * from the catalogue.
 *
 * @module
 */
import { CARD_BYTES } from '@holdfast/protocol/card.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { LEAF_BYTES } from '@holdfast/protocol/leaf-list.js';
import { blockAt, contentLayout } from '@holdfast/protocol/padding.js';
import { TAG } from '@holdfast/protocol/tag.js';
import type { ByteRange, StoredBytes, StoredPart } from '../roles.ts';
import type { PagedKind } from './catalogue.ts';
import { leafOf } from './file-rows.ts';
import { wholeBlock, type Store } from './block-store.ts';
import type { TaggedFile } from './tagged-file.ts';

const CHUNK_BYTES = 1_048_576;

/**
 * Opens a part for reading.
 *
 * @throws `INPUT_INVALID` where the range is not inside the part; while it streams `FILE_LOST`, `STORAGE_UNREACHABLE`.
 */
export function readPart(
  store: Store,
  file: TaggedFile,
  part: StoredPart,
  range?: ByteRange,
): StoredBytes {
  const { paddedSize, manifestSize } = file.request;
  const { blockCount } = contentLayout(file.request);
  switch (part) {
    case 'content':
      return stored(paddedSize, range, (start, end) => contentBytes(store, file, start, end));
    case 'manifest':
      return stored(manifestSize, range, (start, end) =>
        contentBytes(store, file, paddedSize + start, paddedSize + end),
      );
    case 'tags':
      return stored(TAG * blockCount, range, pagedBytes(store, 'tags', file));
    case 'leaves':
      return stored(LEAF_BYTES * blockCount, range, pagedBytes(store, 'leaves', file));
    case 'card':
      return stored(CARD_BYTES, range, pagedBytes(store, 'card', file));
  }
}

type Reader = (start: number, end: number) => AsyncIterable<Uint8Array>;

function stored(size: number, range: ByteRange | undefined, read: Reader): StoredBytes {
  const { start, end } = range ?? { start: 0, end: size };
  const isInside = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end <= size;
  if (!isInside || start > end) {
    throw new HoldfastError('INPUT_INVALID', `bytes ${start} to ${end} of ${size}`);
  }
  return { size, bytes: read(start, end) };
}

/** Bytes of ciphertext and manifest in a row. */
async function* contentBytes(
  store: Store,
  file: TaggedFile,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array> {
  const layout = contentLayout(file.request);
  for (let at = from; at < to;) {
    const { index, start } = blockAt(layout, at);
    const leaf = await leafOf(store.catalogue, file, file.request.firstUid + index);
    const block = await wholeBlock(store, leaf, file.nodes);
    yield block.subarray(at - start, to - start);
    at = start + block.length;
  }
}

const pagedBytes = ({ catalogue }: Store, kind: PagedKind, { fileId }: TaggedFile): Reader =>
  async function* read(start, end) {
    for (let at = start; at < end; at += CHUNK_BYTES) {
      yield await catalogue.bytes(kind, fileId, at, Math.min(at + CHUNK_BYTES, end));
    }
  };
