/**
 * The records of a file on the ledger: its version, where it lies, who can find it, and the sealed shares of its key.
 *
 * @module
 */
import { z } from 'zod';
import * as s from './schema.ts';

/** The last time all blocks of a file were tagged at once. */
const taggingBase = z.strictObject({
  version: s.u32,
  firstUid: s.counter,
  blockCount: s.u32,
  nonce: s.bytes(16),
  /** Milliseconds, informational; part of W. */
  taggedAt: s.counter,
});
export type TaggingBase = z.infer<typeof taggingBase>;

/** What a version of a file is: everything the chameleon hash and the provider's acceptance bind. */
const fileVersion = z.strictObject({
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

const shareEntry = z.strictObject({
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
