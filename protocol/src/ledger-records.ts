/**
 * Every record of the ledger's state, under the keys of the specification (`protocol/README.md`, state keys).
 *
 * Records are written by the contracts only, from values they have parsed and checked: whoever reads one trusts its
 * shape, and trusts its content as far as it trusts the endorsers.
 *
 * @module
 */
import { z } from 'zod';
import * as s from './schema.ts';

/** `config`: the rules of the consortium. Times are counted in epochs; the length of a slot is for clocks only. */
export const config = z.strictObject({
  version: s.u32,
  organisations: z
    .array(z.strictObject({ mspId: s.name, roles: z.array(s.role).min(1).max(6) }))
    .min(1)
    .max(32),
  /** MSP ids of the delegates before the first election: slot e belongs to number e mod count. */
  genesisDelegates: z.array(s.name).min(1).max(32),
  /** MSP ids of the key servers that a file key needs, all of them. */
  keyServers: z.array(s.name).min(1).max(8),
  slotSeconds: z.int().min(1).max(86_400),
  /** P: a file is audited once in P epochs on average, and at least once in 2P. */
  auditPeriod: z.int().min(1).max(1_000),
  /** A: epochs a provider has to answer in. */
  answerWindow: z.int().min(1).max(1_000),
  /** R: epochs in which a conceded or missed file may still be proved at the cost of a late fee. */
  repairWindow: z.int().min(1).max(1_000),
  /** The most blocks one audit transaction may sample, all its files together. */
  answerBlocks: z.int().min(1).max(10_000),
  minimumReplicas: z.int().min(1).max(3),
  epochsPerPeriod: z.int().min(1).max(100_000),
  /** Prices and penalties; all 0 until payments exist. */
  feePerCall: s.amount,
  /** Out of a file's escrow to the delegate whose beacon made the challenge. */
  auditReward: s.amount,
  /** From a provider that proves only in the repair window. */
  lateFee: s.amount,
  /** From the stake of a delegate that misses its slot. */
  missedSlotPenalty: s.amount,
  dedupSkip: z.enum(['own', 'organisation', 'consortium']),
  /** Whether an agent may audit files that its own organisation stores (development). */
  allowSelfAudit: z.boolean(),
});
export type Config = z.infer<typeof config>;

/** `clock`: where the newest beacon is. Read by no submit. */
export const clock = z.strictObject({
  epoch: s.epoch,
});
export type Clock = z.infer<typeof clock>;

/** What a role announces about itself. */
const announced = {
  provider: {
    role: z.literal('provider'),
    acceptanceKey: s.publicKeyG2,
    possession: s.pointG1,
    nodes: z.array(s.name).min(1).max(16),
    pricePerEpoch: s.amount,
    bond: s.amount,
    padding: z.boolean(),
  },
  keyServer: {
    role: z.literal('key-server'),
    modulus: s.bytes(384),
    exponent: z.literal(65_537),
    /** Nine roots that prove the exponent invertible. */
    roots: z.array(s.bytes(384)).length(9),
  },
  delegate: {
    role: z.literal('delegate'),
    name: s.name,
    beaconKey: s.publicKeyG2,
    possession: s.pointG1,
  },
};

export const announcement = z.discriminatedUnion('role', [
  z.strictObject(announced.provider),
  z.strictObject(announced.keyServer),
  z.strictObject(announced.delegate),
]);
export type Announcement = z.infer<typeof announcement>;

/** `organisation/{msp}/{role}`: what a role has announced. */
export const organisation = z.discriminatedUnion('role', [
  z.strictObject({ ...announced.provider, mspId: s.name }),
  z.strictObject({ ...announced.keyServer, mspId: s.name }),
  z.strictObject({ ...announced.delegate, mspId: s.name }),
]);
export type Organisation = z.infer<typeof organisation>;
export type ProviderOrganisation = Extract<Organisation, { role: 'provider' }>;
export type KeyServerOrganisation = Extract<Organisation, { role: 'key-server' }>;
export type DelegateOrganisation = Extract<Organisation, { role: 'delegate' }>;

/** `account/{ownerId}`. */
export const account = z.strictObject({
  ownerId: s.digest,
  mspId: s.name,
  /** PEM of the certificate that opened it; `signer/{SHA-256(SPKI)}` finds the account from any later one. */
  certificate: z.string(),
  /** X25519, 32 bytes: key shares are sealed to it. */
  hpkeKey: s.bytes(32),
  /** Y of the chameleon hash, G1. */
  chameleonKey: s.pointG1,
  tagKeyId: s.digest,
  /** `owner`, or the MSP id of the agent that holds the keys. */
  custody: s.name,
  state: z.enum(['open', 'closed']),
});
export type Account = z.infer<typeof account>;

/** `tagkey/{id}`: never changed. */
export const tagKeyRecord = z.strictObject({
  tagKeyId: s.digest,
  ownerId: s.digest,
  /** X = g2^x and X' = g2^(x alpha). */
  x: s.publicKeyG2,
  xAlpha: s.publicKeyG2,
  /** SHA-256 of the compressed u_0..u_{sectorsMax - 1}, hex. */
  tableDigest: s.digest,
  sectorsMax: s.u32,
  custodian: s.name.nullable(),
});
export type TagKeyRecord = z.infer<typeof tagKeyRecord>;

/** `purse/{ownerId}/{lane}`. */
export const purse = z.strictObject({
  balance: s.amount,
  fees: s.amount,
});
export type Purse = z.infer<typeof purse>;

/** `credit/{ownerId}/{id}`. */
export const credit = z.strictObject({
  amount: s.amount,
});
export type Credit = z.infer<typeof credit>;

/** The last time all blocks of a file were tagged at once. */
export const taggingBase = z.strictObject({
  version: s.u32,
  firstUid: s.counter,
  blockCount: s.u32,
  nonce: s.bytes(16),
  /** Milliseconds, informational; part of W. */
  taggedAt: s.counter,
});
export type TaggingBase = z.infer<typeof taggingBase>;

/** What a version of a file is: everything the chameleon hash and the provider's acceptance bind. */
export const fileVersion = z.strictObject({
  version: s.u32,
  blockCount: s.u32,
  blockSize: s.blockSize,
  root: s.digest,
  nextUid: s.counter,
  base: taggingBase,
  editHead: s.digest,
});
export type FileVersion = z.infer<typeof fileVersion>;

/** What a registration says of a first version; `firstVersion` of acceptance.ts adds what follows from it. */
export const newVersion = z.strictObject({
  root: s.digest,
  blockCount: s.u32.min(1),
  blockSize: s.blockSize,
  nonce: s.bytes(16),
  taggedAt: s.counter,
});
export type NewVersion = z.infer<typeof newVersion>;

/** What the provider offers and its acceptance repeats. */
export const terms = z.strictObject({
  providerId: s.name,
  nodes: z.array(s.name).min(1).max(3),
  pricePerEpoch: s.amount,
  bond: s.amount,
  /** 32 zero bytes where no bond is asked. */
  couponId: s.digest,
  expiryEpoch: s.epoch,
});
export type Terms = z.infer<typeof terms>;

/** `file/{fid}`. */
export const fileRecord = fileVersion.extend({
  fileId: s.digest,
  ownerId: s.digest,
  providerId: s.name,
  tagKeyId: s.digest,
  /** Chameleon: key Y, hash C, opening (r, s) of the present version. */
  chameleonKey: s.pointG1,
  chameleonHash: s.scalar,
  opening: z.strictObject({ r: s.scalar, s: s.scalar }),
  anchor: s.digest,
  pricePerEpoch: s.amount,
  bond: s.amount,
  couponId: s.digest,
  expiryEpoch: s.epoch,
  acceptance: s.pointG1,
  /** The nodes that the acceptance names; the present ones stand in `placement`. */
  acceptedNodes: z.array(s.name).min(1).max(3).readonly(),
  epochRegistered: s.epoch,
  epochAmended: s.epoch,
  custody: s.name,
  state: z.enum(['active', 'retired']),
});
export type FileRecord = z.infer<typeof fileRecord>;

/** `placement/{fid}`: where the provider keeps the file now. */
export const placement = z.strictObject({
  nodes: z.array(s.name).min(1).max(3).readonly(),
});
export type Placement = z.infer<typeof placement>;

/** `owned/{ownerId}/{fid}`. */
export const owned = z.strictObject({
  epoch: s.epoch,
});
export type Owned = z.infer<typeof owned>;

/** `anchor/{anchor}`: paper 004's map from IPFS address to root, for whoever knows address and salt. */
export const anchorRecord = z.strictObject({
  fileId: s.digest,
  root: s.digest,
});
export type AnchorRecord = z.infer<typeof anchorRecord>;

/** `member/{provider}/{epoch}/{fid}`: the leaf of the batch tree, never changed. */
export const member = z.strictObject({
  fileId: s.digest,
  chameleonKey: s.pointG1,
  chameleonHash: s.scalar,
});
export type Member = z.infer<typeof member>;

/** `due/{fid}`: where a file stands with its audits. */
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

/** `beacon/{epoch}`. */
export const beaconRecord = z.strictObject({
  epoch: s.epoch,
  /** B_e, hex. */
  value: s.digest,
  /** Organisation of the slot's delegate; null for beacon 0. */
  delegate: s.name.nullable(),
  /** The delegate's signature, null for beacon 0. */
  signature: s.pointG1.nullable(),
});
export type BeaconRecord = z.infer<typeof beaconRecord>;

/** `tick/{epoch}/{msp}`. */
export const tickRecord = z.strictObject({
  epoch: s.epoch,
  mspId: s.name,
});
export type TickRecord = z.infer<typeof tickRecord>;

export const shareEntry = z.strictObject({
  /** HPKE encapsulated key, X25519. */
  enc: s.bytes(32),
  ciphertext: s.bytesBetween(16, 512),
  /** C_j = g1^s_j. */
  commitment: s.pointG1,
  /** Who can open it; absent where the record's `recipientId` says so for all. */
  recipientId: s.digest.optional(),
});
export type ShareEntry = z.infer<typeof shareEntry>;

/** `shares/{fid}/{generation}`: one generation of sealed key shares. */
export const shareRecord = z.strictObject({
  fileId: s.digest,
  generation: s.u32,
  purpose: z.enum(['self', 'recovery', 'grant']),
  shareCount: z.int().min(1).max(16),
  threshold: z.int().min(1).max(16),
  privacy: z.int().min(0).max(15),
  /** T_K of paper 000: the order of generations, informational. */
  sealedAtEpoch: s.epoch,
  recipientId: s.digest.optional(),
  entries: z.array(shareEntry).min(1).max(16),
});
export type ShareRecord = z.infer<typeof shareRecord>;

/** The first generation as a registration brings it: sealed to the owner itself in the epoch named. */
export const newShares = shareRecord.pick({
  shareCount: true,
  threshold: true,
  privacy: true,
  entries: true,
});
export type NewShares = z.infer<typeof newShares>;
