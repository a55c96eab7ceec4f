/**
 * The one event of each transaction: enough to act on and to resume from.
 *
 * @module
 */
import type { AuditRecord } from './audit-records.ts';
import type { Announcement } from './consortium-records.ts';

/** Event name -> its JSON payload. */
export interface LedgerEvents {
  Configured: { readonly version: number };
  /** An organisation wants a next configuration, which is not in force yet. */
  ConfigurationVoted: { readonly version: number; readonly mspId: string; readonly digest: string };
  Announced: { readonly mspId: string; readonly role: Announcement['role'] };
  AccountOpened: { readonly ownerId: string; readonly mspId: string };
  BudgetGranted: { readonly accountId: string; readonly credits: readonly string[] };
  Transferred: { readonly from: string; readonly to: string; readonly credits: readonly string[] };
  Collected: { readonly ownerId: string; readonly lane: number };
  FileRegistered: {
    readonly fileId: string;
    readonly ownerId: string;
    readonly providerId: string;
    readonly version: number;
    readonly root: string;
    readonly epoch: number;
  };
  FilePlaced: { readonly fileId: string; readonly nodes: readonly string[] };
  AuditAsked: { readonly fileId: string; readonly fromEpoch: number };
  FileRetired: { readonly fileId: string; readonly ownerId: string };
  Ticked: { readonly epoch: number; readonly mspId: string };
  BeaconAdvanced: { readonly epoch: number; readonly value: string; readonly delegate: string };
  AuditsAnswered: { readonly audits: readonly AuditRecord[] };
  AuditConceded: { readonly audit: AuditRecord };
  AuditMissed: { readonly audit: AuditRecord };
}

export type LedgerEventName = keyof LedgerEvents;
