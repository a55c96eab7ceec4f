/**
 * What the monitor keeps of each file, and what a ledger event means for it: pure, so that replaying a ledger from its
 * beginning ends in the same records.
 *
 * @module
 */
import type { LedgerEvent } from '../ledger/ledger.ts';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import type { Alert } from '@holdfast/protocol/alert-messages.js';
import type { Verdict } from '@holdfast/protocol/schema.js';

export interface WatchedFile {
  readonly fileId: string;
  readonly ownerId: string;
  readonly providerId: string;
  readonly nodes: readonly string[];
  /** Of the newest audit; null before the first. */
  readonly verdict: Verdict | null;
  /** First epoch of a pending ask. */
  readonly askedFrom: number | null;
  /** Newest verdict of each node that has had one. */
  readonly byNode: Readonly<Record<string, Verdict>>;
  /** Epoch of its newest audit, or of its registration. */
  readonly since: number;
  /** Conceded blocks of each node that no intact verdict has covered since. */
  readonly damaged: Readonly<Record<string, readonly number[]>>;
}

/** A file waits while its next audit is its first, was asked for, or repeats one that was not intact. */
export const isWaiting = ({ verdict, askedFrom }: WatchedFile): boolean =>
  verdict !== 'intact' || askedFrom !== null;

/** An alert before it has an id and a time. */
export type NewAlert = DistributiveOmit<Alert, 'id' | 'at'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** What an event changes. */
export interface Effect {
  readonly ownerId: string;
  readonly alerts: readonly NewAlert[];
  /** The file afterwards; undefined where it is watched no longer. */
  readonly file: WatchedFile | undefined;
}

/** The audits that an event settles. */
export function auditsOf(event: LedgerEvent): readonly AuditRecord[] {
  if (event.name === 'AuditsAnswered') return event.payload.audits;
  if (event.name === 'AuditConceded' || event.name === 'AuditMissed') return [event.payload.audit];
  return [];
}

/** A new file, as it stands after `files:register`. */
export const registered = (
  event: Extract<LedgerEvent, { name: 'FileRegistered' }>,
  nodes: readonly string[],
): Effect => {
  const { fileId, ownerId, providerId, epoch } = event.payload;
  return {
    ownerId,
    alerts: [{ event: 'FileRegistered', fileId, transactionId: event.transactionId }],
    file: {
      fileId,
      ownerId,
      providerId,
      nodes,
      verdict: null,
      askedFrom: null,
      byNode: {},
      since: epoch,
      damaged: {},
    },
  };
};

/** One settled audit. */
export function audited(file: WatchedFile, audit: AuditRecord, transactionId: string): Effect {
  const { fileId, node, verdict, epoch, sampled, uids } = audit;
  const about = { fileId, node, transactionId };
  const auditId = `${fileId}.${epoch}`;
  const alerts: NewAlert[] = [{ ...about, event: 'VerdictReached', auditId, verdict, sampled }];
  if (verdict === 'damaged') {
    const safe = file.nodes.some((other) => other !== node && file.byNode[other] !== 'damaged');
    alerts.push({ ...about, event: 'FileDamaged', blocks: [...uids], safe });
  }
  if (verdict === 'intact' && file.byNode[node] === 'damaged') {
    alerts.push({ ...about, event: 'FileRepaired' });
  }
  const isAsked = file.askedFrom !== null && epoch >= file.askedFrom;
  return {
    ownerId: file.ownerId,
    alerts,
    file: {
      ...file,
      verdict,
      askedFrom: isAsked ? null : file.askedFrom,
      byNode: { ...file.byNode, [node]: verdict },
      since: Math.max(file.since, epoch),
      damaged: {
        ...file.damaged,
        [node]: verdict === 'intact' ? [] : union(file.damaged[node] ?? [], uids),
      },
    },
  };
}

/** Events about a file that is there and that settle no audit. */
export type FileEvent = Extract<LedgerEvent, { name: 'FilePlaced' | 'AuditAsked' | 'FileRetired' }>;

/** What else happens to a file: it moves, an audit is asked, it is retired. */
export function changed(file: WatchedFile, event: FileEvent): Effect {
  const { ownerId } = file;
  switch (event.name) {
    case 'FilePlaced':
      return { ownerId, alerts: [], file: { ...file, nodes: event.payload.nodes } };
    case 'AuditAsked':
      return { ownerId, alerts: [], file: { ...file, askedFrom: event.payload.fromEpoch } };
    case 'FileRetired': {
      const { transactionId } = event;
      const alert = { event: 'FileRetired' as const, fileId: file.fileId, transactionId };
      return { ownerId, alerts: [alert], file: undefined };
    }
  }
}

const union = (a: readonly number[], b: readonly number[]): number[] =>
  [...new Set([...a, ...b])].sort((x, y) => x - y);
