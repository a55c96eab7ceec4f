/**
 * What an owner asks for when it stores a file.
 *
 * @module
 */
import type { Report } from './progress.ts';
import type { Source } from './source.ts';

/** Bytes of a block: 256 KiB is Kubo's chunk; 64 KiB suits many small files. */
export type BlockSize = 65_536 | 262_144;

export interface PutRequest {
  readonly name: string;
  readonly source: Source;
  readonly blockSize: BlockSize;
  readonly report: Report;
}
