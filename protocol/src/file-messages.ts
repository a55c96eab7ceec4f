/**
 * The bodies of the gateway's REST interface about stored files: how each one is, its audits, its damage and repair.
 *
 * @module
 */
import { z } from 'zod';
import type { AuditRecord } from './audit-records.ts';
import * as s from './schema.ts';

export const replica = z.strictObject({
  node: s.name,
  verdict: s.verdict.nullable(),
  at: s.instant.nullable(),
  transactionId: s.digest.nullable(),
});

/** The states of a file, the first that applies (product, section 7). */
export const fileStateName = z.enum([
  'retired',
  'lost',
  'damaged',
  'repairing',
  'unanswered',
  'overdue',
  'storing',
  'awaiting-audit',
  'intact',
]);
export type FileStateName = z.infer<typeof fileStateName>;

/** What a list and a status say alike. */
const summary = {
  fileId: s.digest,
  version: s.u32,
  blocks: s.u32,
  blockSize: s.blockSize,
  state: fileStateName,
  /** Every block has a replica without known damage. */
  safe: z.boolean(),
};

/** GET /v1/files/{id}/status */
export const fileStatus = z.strictObject({
  ...summary,
  /** Newest audited epoch and the present one: green decays. */
  epoch: s.epoch,
  lastAudit: s.epoch.nullable(),
  replicas: z.array(replica),
  damagedBlocks: z.array(
    z.strictObject({ uid: s.counter, node: s.name, repairedAt: s.instant.nullable() }),
  ),
});
export type FileStatus = z.infer<typeof fileStatus>;

export const fileListItem = z.strictObject({
  ...summary,
  replicas: z.int(),
  wantedReplicas: z.int(),
  lastVerdict: s.verdict.nullable(),
  lastVerdictAt: s.instant.nullable(),
  /** base64url of the sealed card: name, type and date under the owner's key. */
  card: s.base64url,
});
export const fileList = z.strictObject({
  items: z.array(fileListItem),
  next: z.string().nullable(),
});
export type FileList = z.infer<typeof fileList>;

/** One audit as GET /v1/files/{id}/audits shows it. */
const auditItem = z.strictObject({
  auditId: z.string(),
  epoch: s.epoch,
  node: s.name,
  delegate: s.name,
  sampled: s.u32,
  blocks: s.u32,
  verdict: s.verdict,
  independent: z.boolean(),
  damagedUids: z.array(s.counter),
  at: s.instant.nullable(),
  transactionId: s.digest.nullable(),
  ledgerBlockNumber: s.counter.nullable(),
});
export type AuditItem = z.infer<typeof auditItem>;

/** A record of the ledger as an item, with what is known of its transaction. */
export const auditItemOf = ({
  record,
  at,
  transactionId,
  ledgerBlockNumber,
}: { readonly record: AuditRecord } & Pick<
  AuditItem,
  'at' | 'transactionId' | 'ledgerBlockNumber'
>): AuditItem => ({
  auditId: `${record.fileId}.${record.epoch}`,
  epoch: record.epoch,
  node: record.node,
  delegate: record.delegate,
  sampled: record.sampled,
  blocks: record.blockCount,
  verdict: record.verdict,
  independent: record.independent,
  damagedUids: [...record.uids],
  at,
  transactionId,
  ledgerBlockNumber,
});

/** POST /v1/files/{id}/challenges: checked at once against one node by equation (5). */
export const challengeRequest = z.strictObject({
  node: s.name.optional(),
  blocks: z.union([z.int().min(1).max(1_000_000), z.literal('all')]).optional(),
});
export type ChallengeRequest = z.infer<typeof challengeRequest>;
export const challengeAnswer = z.strictObject({
  now: z.strictObject({
    node: s.name,
    sampled: s.u32,
    verdict: s.verdict,
    durationMs: z.int(),
    damagedUids: z.array(s.counter),
  }),
  href: z.string(),
});
export type ChallengeAnswer = z.infer<typeof challengeAnswer>;

/** GET /v1/files/{id}/audits */
export const auditList = z.strictObject({ items: z.array(auditItem), next: z.string().nullable() });

/** GET /v1/files/{id}/blocks: blocks found damaged; with ?state=damaged those that no intact verdict has covered since. */
export const blockList = z.strictObject({
  items: z.array(
    z.strictObject({
      uid: s.counter,
      node: s.name,
      foundAt: s.instant.nullable(),
      repairedAt: s.instant.nullable(),
    }),
  ),
  next: z.string().nullable(),
});

/** POST /v1/files/{id}/repair */
export const repairRequest = z.strictObject({
  node: s.name,
  uids: z.array(s.counter).min(1).max(256),
});
export const repairAnswer = z.strictObject({ node: s.name, repaired: z.array(s.counter) });
