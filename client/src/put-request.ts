/**
 * What an owner asks for when it stores a file, and what it is told.
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
  /** Is told what is stored while this device still knows the upload, in case it stops before anyone was told. */
  readonly acknowledge: (stored: StoredFile) => void;
}

export interface StoredFile {
  readonly fileId: string;
  readonly name: string;
  readonly size: number;
  readonly version: number;
  readonly blocks: number;
  readonly blockSize: number;
  /** Nodes that the provider answers for. */
  readonly nodes: readonly string[];
  /** Those of them that did not hold the file yet when it was accepted. */
  readonly pendingNodes: readonly string[];
  readonly keyServers: readonly string[];
  readonly cid: string;
  readonly root: string;
  readonly pricePerEpoch: string;
  /** The first epoch in which it can be audited. */
  readonly firstAuditEpoch: number;
  /** Seconds of an epoch at most, while the ledger runs: turns epochs into time. */
  readonly slotSeconds: number;
  /** null where an earlier try had registered it already. */
  readonly transactionId: string | null;
  readonly ledgerBlockNumber: number | null;
}
