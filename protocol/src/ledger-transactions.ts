/**
 * What every function of the contracts takes and answers: one JSON string in, one JSON string out.
 *
 * @module
 */
import { z } from 'zod';
import * as accounts from './account-records.ts';
import * as audits from './audit-records.ts';
import * as consortium from './consortium-records.ts';
import * as files from './file-records.ts';
import * as s from './schema.ts';

const page = { cursor: z.string().max(512).optional(), limit: z.int().min(1).max(100).optional() };

/** Arguments of every function that changes the ledger. */
export const SUBMIT = {
  /** First one accepted from any operator; later ones need a majority of organisations. */
  'accounts:configure': z.strictObject({ config: consortium.config }),
  'accounts:announce': z.strictObject({ announcement: consortium.announcement }),
  'accounts:open': z.strictObject({
    hpkeKey: s.bytes(32),
    chameleonKey: s.pointG1,
    tagKey: z.strictObject({
      x: s.publicKeyG2,
      xAlpha: s.publicKeyG2,
      tableDigest: s.digest,
      sectorsMax: z.int().min(1).max(8_457),
      /** Proofs of possession of x and x alpha. */
      possessionX: s.pointG1,
      possessionXAlpha: s.pointG1,
    }),
    custody: z.union([z.literal('owner'), s.name]),
  }),
  'accounts:transfer': z.strictObject({
    to: s.digest,
    amounts: z.array(s.amount).min(1).max(16),
    lane: s.lane,
  }),
  /** Moves credit notes, and what stands in other lanes of one's own, into one lane. */
  'accounts:collect': z.strictObject({
    lane: s.lane,
    credits: z.array(s.digest).max(64),
    sources: z.array(s.lane).max(15),
  }),
  'accounts:grantBudget': z.strictObject({
    mspId: s.name,
    amounts: z.array(s.amount).min(1).max(16),
  }),

  'files:register': z.strictObject({
    /** The epoch named: its beacon exists, the one two later does not. */
    epoch: s.epoch,
    /** The file id is T("file-id", ownerId, nonce). */
    nonce: s.bytes(32),
    tagKeyId: s.digest,
    version: files.newVersion,
    terms: files.terms,
    anchor: s.digest,
    acceptance: s.pointG1,
    chameleonHash: s.scalar,
    opening: z.strictObject({ r: s.scalar, s: s.scalar }),
    shares: files.newShares,
    lane: s.lane,
  }),
  'files:place': z.strictObject({ fileId: s.digest, nodes: z.array(s.name).min(1).max(3) }),
  'files:ask': z.strictObject({
    fileId: s.digest,
    epoch: s.epoch,
    node: s.name.nullable(),
    blocks: z.int().min(1).max(1_000_000).nullable(),
    lane: s.lane,
  }),
  'files:retire': z.strictObject({ fileId: s.digest, lane: s.lane }),

  'beacons:tick': z.strictObject({ epoch: s.epoch }),
  'beacons:advance': z.strictObject({
    epoch: s.epoch,
    signature: s.pointG1,
    /** Organisations whose ticks are counted: a strict majority. */
    msps: z.array(s.name).min(1).max(32),
  }),

  'audits:answer': z.strictObject({
    epoch: s.epoch,
    now: s.epoch,
    /** Ascending by tag key id, no id twice; files ascending by file id. */
    groups: z
      .array(
        z.strictObject({
          tagKeyId: s.digest,
          files: z
            .array(z.strictObject({ fileId: s.digest }))
            .min(1)
            .max(256),
          /** sigma (48) || y (32) || psi (48). */
          proof: s.bytes(128),
        }),
      )
      .min(1)
      .max(64),
  }),
  'audits:concede': z.strictObject({
    fileId: s.digest,
    epoch: s.epoch,
    now: s.epoch,
    /** Ascending, all challenged in this epoch. */
    uids: z.array(s.counter).min(1).max(256),
  }),
  'audits:miss': z.strictObject({ fileId: s.digest, epoch: s.epoch, now: s.epoch }),
} as const;

/** Arguments of every function that only reads. */
export const EVALUATE = {
  'accounts:config': z.strictObject({}),
  'accounts:get': z.strictObject({ ownerId: s.digest }),
  /** The account that a certificate's key opened, by SHA-256 of its SPKI. */
  'accounts:bySigner': z.strictObject({ signer: s.digest }),
  'accounts:tagKey': z.strictObject({ tagKeyId: s.digest }),
  'accounts:purse': z.strictObject({ ownerId: s.digest, ...page }),
  'accounts:organisation': z.strictObject({ mspId: s.name, role: s.role }),
  'accounts:organisations': z.strictObject({}),
  'files:get': z.strictObject({ fileId: s.digest }),
  'files:byAnchor': z.strictObject({ anchor: s.digest }),
  'files:list': z.strictObject({ ownerId: s.digest, ...page }),
  'shares:ofFile': z.strictObject({ fileId: s.digest }),
  'beacons:current': z.strictObject({}),
  'beacons:get': z.strictObject({ epoch: s.epoch }),
  'audits:due': z.strictObject({ providerId: s.name, epoch: s.epoch, ...page }),
  'audits:get': z.strictObject({ fileId: s.digest, epoch: s.epoch }),
  'audits:ofFile': z.strictObject({ fileId: s.digest, ...page }),
} as const;

export type Submit = keyof typeof SUBMIT;
export type Evaluate = keyof typeof EVALUATE;
export type Args<F extends Submit | Evaluate> = F extends Submit
  ? z.input<(typeof SUBMIT)[F]>
  : F extends Evaluate
    ? z.input<(typeof EVALUATE)[F]>
    : never;

/** A page of a list; `next` is the cursor of the page after it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** All that ledger and storage know of a file's audits at one moment. */
export const fileState = z.strictObject({
  file: files.fileRecord,
  placement: files.placement.nullable(),
  due: audits.dueRecord.nullable(),
  ask: audits.askRecord.nullable(),
});
export type FileState = z.infer<typeof fileState>;

/** What each function answers. */
export interface Results {
  'accounts:configure': { readonly version: number };
  'accounts:announce': { readonly mspId: string; readonly role: s.Role };
  'accounts:open': { readonly ownerId: string; readonly tagKeyId: string };
  'accounts:transfer': { readonly credits: readonly string[] };
  'accounts:collect': { readonly lane: number; readonly balance: string };
  'accounts:grantBudget': { readonly accountId: string; readonly credits: readonly string[] };
  'files:register': { readonly fileId: string; readonly version: number };
  'files:place': { readonly fileId: string; readonly nodes: readonly string[] };
  'files:ask': { readonly fileId: string; readonly fromEpoch: number };
  'files:retire': { readonly fileId: string };
  'beacons:tick': { readonly epoch: number };
  'beacons:advance': { readonly epoch: number; readonly value: string };
  'audits:answer': { readonly audits: readonly audits.AuditRecord[] };
  'audits:concede': { readonly audit: audits.AuditRecord };
  'audits:miss': { readonly audit: audits.AuditRecord };

  'accounts:config': consortium.Config;
  'accounts:get': accounts.Account;
  'accounts:bySigner': accounts.Account;
  'accounts:tagKey': accounts.TagKeyRecord;
  'accounts:purse': {
    readonly lanes: readonly (accounts.Purse & { readonly lane: number })[];
    readonly credits: Page<accounts.Credit & { readonly creditId: string }>;
  };
  'accounts:organisation': consortium.Organisation;
  'accounts:organisations': { readonly items: readonly consortium.Organisation[] };
  'files:get': FileState;
  'files:byAnchor': files.AnchorRecord;
  'files:list': Page<FileState>;
  'shares:ofFile': files.ShareRecord;
  'beacons:current': consortium.BeaconRecord;
  'beacons:get': consortium.BeaconRecord;
  /** The provider's files whose challenge of `epoch` is open and unanswered. */
  'audits:due': Page<FileState>;
  'audits:get': audits.AuditRecord;
  'audits:ofFile': Page<audits.AuditRecord>;
}
export type Result<F extends Submit | Evaluate> = Results[F];

const pageOf = <S extends z.ZodType>(item: S) =>
  z.strictObject({ items: z.array(item), next: z.string().nullable() });

/** The schemas of what an owner reads attested: two organisations may sign nonsense. */
export const ATTESTED = {
  'accounts:config': consortium.config,
  'accounts:get': accounts.account,
  'accounts:bySigner': accounts.account,
  'accounts:tagKey': accounts.tagKeyRecord,
  'accounts:purse': z.strictObject({
    lanes: z.array(accounts.purse.extend({ lane: s.lane })),
    credits: pageOf(accounts.credit.extend({ creditId: s.digest })),
  }),
  'accounts:organisation': consortium.organisation,
  'accounts:organisations': z.strictObject({ items: z.array(consortium.organisation) }),
  'files:get': fileState,
  'files:byAnchor': files.anchorRecord,
  'files:list': pageOf(fileState),
  'shares:ofFile': files.shareRecord,
  'beacons:current': consortium.beaconRecord,
  'beacons:get': consortium.beaconRecord,
  'audits:due': pageOf(fileState),
  'audits:get': audits.auditRecord,
  'audits:ofFile': pageOf(audits.auditRecord),
} as const satisfies Record<Evaluate, z.ZodType>;
