/**
 * What a verdict says, and where it leaves the file.
 *
 * @module
 */
import { drawnNode, isIndependent, type Challenge } from '@holdfast/protocol/audit.js';
import type { AskRecord, AuditRecord, DueRecord } from '@holdfast/protocol/audit-records.js';
import type { BeaconRecord, Config } from '@holdfast/protocol/consortium-records.js';
import type { FileRecord, Placement } from '@holdfast/protocol/file-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { must } from './refuse.ts';

/** A file with an open challenge. */
export interface AuditedFile extends FileState {
  readonly file: FileRecord;
  readonly placement: Placement;
  readonly due: DueRecord;
  readonly ask: AskRecord | null;
  readonly beacon: BeaconRecord;
  readonly challenge: Challenge;
}

/** How an audit ended. */
export interface Outcome {
  readonly verdict: AuditRecord['verdict'];
  readonly now: number;
  /** Conceded in this audit, ascending. */
  readonly uids: readonly number[];
}

/** The verdict as it is written, once. */
export function auditRecord(
  audited: AuditedFile,
  { verdict, now, uids }: Outcome,
  config: Config,
): AuditRecord {
  const { file, beacon, challenge } = audited;
  const { epoch, value, delegate } = beacon;
  if (delegate === null) throw new Error('bug: nothing is due in epoch 0');
  return {
    fileId: file.fileId,
    epoch,
    now,
    providerId: file.providerId,
    node: drawnNode(audited, epoch, value),
    delegate,
    version: file.version,
    blockCount: file.blockCount,
    sampled: challenge.uids.length,
    verdict,
    uids,
    independent: isIndependent(file, config, epoch),
  };
}

/** Conceded blocks that one file may have at a time. */
const CONCEDED_LIMIT = 256;

/**
 * Where the file stands after an audit. What was conceded stays in every challenge until an intact verdict covers it; the
 * node that was not intact answers next.
 *
 * @throws `TOO_LARGE` where more blocks would be conceded than the next challenge may be joined with.
 */
export function dueAfter(due: DueRecord, audit: AuditRecord): DueRecord {
  const { epoch, now, verdict, node } = audit;
  const settled = { ...due, from: now + 1, last: epoch, verdict };
  if (verdict === 'intact') return { ...settled, node: null, uids: [], paidTo: epoch };
  const uids = [...new Set([...due.uids, ...audit.uids])].sort((a, b) => a - b);
  must(
    uids.length <= CONCEDED_LIMIT,
    'TOO_LARGE',
    `${due.uids.length} blocks are conceded already, of at most ${CONCEDED_LIMIT}`,
    '/uids',
  );
  return { ...settled, node, uids };
}
