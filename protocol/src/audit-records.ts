/**
 * The records of a file's audits: its leaf of the batch tree, where it stands, what its owner asks, and each verdict.
 *
 * @module
 */
import { z } from 'zod';
import * as s from './schema.ts';

/** `member/{provider}/{epoch}/{fid}`: the leaf of the batch tree, never changed. */
export const member = z.strictObject({
  fileId: s.digest,
  chameleonKey: s.pointG1,
  chameleonHash: s.scalar,
});
export type Member = z.infer<typeof member>;

/** `due/{provider}/{fid}`: where a file stands with its audits. */
export const dueRecord = z.strictObject({
  /** First epoch that can be due. */
  from: s.epoch,
  /** Epoch of the last settled audit. */
  last: s.epoch.nullable(),
  verdict: s.verdict.nullable(),
  /** The node that was not intact, or has just been added: it must answer next. */
  node: s.name.nullable(),
  /** Conceded block ids, ascending, until an intact verdict covers them. */
  uids: z.array(s.counter).max(256).readonly(),
  /** Epoch up to which the provider has been paid. */
  paidTo: s.epoch,
});
export type DueRecord = z.infer<typeof dueRecord>;

/** `ask/{fid}`: one pending audit that the owner asked for. */
export const askRecord = z.strictObject({
  fromEpoch: s.epoch,
  node: s.name.nullable(),
  blocks: s.u32.nullable(),
});
export type AskRecord = z.infer<typeof askRecord>;

/** `audit/{fid}/{epoch}`: written once. */
export const auditRecord = z.strictObject({
  fileId: s.digest,
  epoch: s.epoch,
  /** The newest epoch when it was settled. */
  now: s.epoch,
  providerId: s.name,
  /** The node that had to answer. */
  node: s.name,
  /** Organisation of the delegate whose beacon was the challenge. */
  delegate: s.name,
  version: s.u32,
  blockCount: s.u32,
  /** Blocks the challenge covered, conceded ones joined in. */
  sampled: s.u32,
  verdict: s.verdict,
  /** Block ids that the provider conceded. */
  uids: z.array(s.counter).max(256).readonly(),
  /** false where one organisation stood on both sides of the audit. */
  independent: z.boolean(),
});
export type AuditRecord = z.infer<typeof auditRecord>;
