/**
 * One extent of a file on its way out: the bulk of what sealing costs, in jobs.
 *
 * @module
 */
import { platform } from '#platform';
import { CELL_BYTES, cryptCell } from './cipher.ts';
import type { Job } from './pool.ts';
import { newSectorSummer, sectorsOf } from './tag.ts';

const SUM = 32;

/** Bytes cut into blocks, each with what tree and tag need of it. */
export interface CutBlocks {
  readonly bytes: Uint8Array;
  /** SHA-256 of each block, 32 bytes each. */
  readonly digests: Uint8Array;
  /** The sector sum of each block, 32 bytes each. */
  readonly sums: Uint8Array;
}

interface Cutting {
  readonly bytes: Uint8Array;
  readonly blockSize: number;
  /** Of the tag key. */
  readonly alpha: bigint;
}

interface Sealing extends Cutting {
  /** E_j. */
  readonly key: Uint8Array;
  /** Zero bytes that continue the extent. */
  readonly padding: number;
}

/** Digests and sector sums of the blocks of a row of bytes. */
export const blockCutting: Job<Cutting, CutBlocks> = {
  name: 'blockCutting',
  async work({ bytes, blockSize, alpha }) {
    const sumOf = summerOf(alpha, sectorsOf(blockSize));
    const count = Math.ceil(bytes.length / blockSize);
    const digests = new Uint8Array(SUM * count);
    const sums = new Uint8Array(SUM * count);
    for (let i = 0; i < count; i++) {
      const block = bytes.subarray(blockSize * i, blockSize * (i + 1));
      digests.set(await platform.sha256Bulk(block), SUM * i);
      sums.set(sumOf(block), SUM * i);
    }
    return { bytes, digests, sums };
  },
};

/** Encrypts the cells of an extent, where they are unless it grows, and cuts them: 0.5 ms a block of 256 KiB. */
export const extentSealing: Job<Sealing, CutBlocks> = {
  name: 'extentSealing',
  async work({ bytes, key, padding, ...cutting }) {
    const sealed = padding === 0 ? bytes : new Uint8Array(bytes.length + padding);
    for (let start = 0; start < sealed.length; start += CELL_BYTES) {
      const end = Math.min(start + CELL_BYTES, sealed.length);
      const cell = await cryptCell(key, start / CELL_BYTES, cellOf(bytes, start, end));
      sealed.set(cell, start);
    }
    return blockCutting.work({ ...cutting, bytes: sealed });
  },
};

/** The plaintext of a cell, zeros where the extent has ended. */
function cellOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (end <= bytes.length) return bytes.subarray(start, end);
  const cell = new Uint8Array(end - start);
  cell.set(bytes.subarray(start, end));
  return cell;
}

type Summer = (block: Uint8Array) => Uint8Array;
/** That of the last key and size: its powers of alpha cost as much as a hundred blocks. */
let last: { readonly alpha: bigint; readonly sectors: number; readonly sumOf: Summer } | undefined;

function summerOf(alpha: bigint, sectors: number): Summer {
  if (last?.alpha !== alpha || last.sectors !== sectors) {
    last = { alpha, sectors, sumOf: newSectorSummer(alpha, sectors) };
  }
  return last.sumOf;
}
