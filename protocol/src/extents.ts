/**
 * What a file's keys are computed from: the plaintext cut into leaves and extents, and their digests tau.
 *
 * A leaf is 256 KiB, an extent 4 MiB; both have fixed offsets, so equal extents at equal offsets get equal keys in every
 * file, and the size of an audited block changes nothing. A tail under 1 MiB belongs to the extent before it: no
 * dictionary of tiny tails. tau is the RFC 9162 root over the leaves.
 *
 * Deviation: paper 000 derives a key from each small block; a guess then costs one query a block of a few KiB. Extents of
 * 4 MiB make 16 times fewer queries than 256 KiB and leave nothing small to guess (constructions, section 6).
 *
 * @module
 */
import { platform } from '#platform';
import { newByteReader } from './byte-reader.ts';
import { HoldfastError } from './errors.ts';
import { treeRoot } from './merkle.ts';
import { inline, inOrder, type Job, type Pool } from './pool.ts';

const LEAF_BYTES = 262_144;
export const EXTENT_BYTES = 4_194_304;
/** A shorter tail joins the extent before it. */
const SHORTEST_TAIL_BYTES = 1_048_576;

const LEAF = Uint8Array.of(0);

/** The leaves of some bytes, as a job. The bytes come back, for whom they were handed over. */
export const leafDigesting: Job<Uint8Array, { bytes: Uint8Array; leaves: Uint8Array[] }> = {
  name: 'leafDigesting',
  work: async (bytes) => ({ bytes, leaves: await leafHashes(bytes) }),
};

/** An extent of a file as it passes. */
export interface Extent {
  readonly index: number;
  /** Plaintext: 4 MiB; the last one may be shorter, or up to 5 MiB. */
  readonly bytes: Uint8Array;
  /** RFC 9162 root over its leaves. */
  readonly tau: Uint8Array;
  /** On the last extent only: root over all leaves of the file. */
  readonly fileTau: Uint8Array | undefined;
}

/**
 * How many extents a file has; an empty file is one extent of no bytes.
 *
 * @param size - bytes of plaintext.
 */
export function extentCount(size: number): number {
  const whole = Math.floor(size / EXTENT_BYTES);
  return Math.max(1, size % EXTENT_BYTES < SHORTEST_TAIL_BYTES ? whole : whole + 1);
}

/** Bytes of plaintext in extent `index` of a file of `size` bytes. */
export const extentLength = (size: number, index: number): number =>
  index < extentCount(size) - 1 ? EXTENT_BYTES : size - index * EXTENT_BYTES;

/**
 * (Owner) Cuts a file into extents in one pass, holding as many of them as the pool is wide, and one more.
 *
 * @param source - the plaintext in chunks of any size.
 * @param size - bytes the source must have.
 * @param pool - where leaves are digested.
 * @param spare - rooms of 4 MiB that nobody needs any more: the next extents take them.
 * @throws `INPUT_INVALID` where the source is shorter or longer than `size`; the last extent is not answered then.
 */
export async function* readExtents(
  source: AsyncIterable<Uint8Array>,
  size: number,
  pool: Pool = inline,
  spare: Uint8Array[] = [],
): AsyncGenerator<Extent, void> {
  const count = extentCount(size);
  const all: Uint8Array[] = [];
  const digested = inOrder(cutExtents(source, size, spare), pool.width - 1, (bytes) =>
    pool.run(leafDigesting, bytes, [bytes]),
  );
  let index = 0;
  for await (const { bytes, leaves } of digested) {
    all.push(...leaves);
    const fileTau = index === count - 1 ? treeRoot(all) : undefined;
    yield { index, bytes, tau: treeRoot(leaves), fileTau };
    index++;
  }
}

async function* cutExtents(
  source: AsyncIterable<Uint8Array>,
  size: number,
  spare: Uint8Array[],
): AsyncGenerator<Uint8Array, void> {
  const reader = newByteReader(source[Symbol.asyncIterator]());
  const count = extentCount(size);
  try {
    for (let index = 0; index < count; index++) {
      const bytes = await reader.read(extentLength(size, index), spare.pop());
      if (bytes.length < extentLength(size, index)) {
        const given = index * EXTENT_BYTES + bytes.length;
        throw new HoldfastError('INPUT_INVALID', `the source ends after ${given} of ${size} bytes`);
      }
      if (index === count - 1) await reader.finish();
      yield bytes;
    }
  } finally {
    await reader.close();
  }
}

async function leafHashes(bytes: Uint8Array): Promise<Uint8Array[]> {
  const hashes: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += LEAF_BYTES) {
    const leaf = bytes.subarray(offset, offset + LEAF_BYTES);
    hashes.push(await platform.sha256Bulk(LEAF, leaf));
  }
  return hashes;
}
