/**
 * The records of the ledger's state that all organisations share: the rules, what each role has announced, and the
 * epochs as ticks and beacons count them.
 *
 * Every record stands under its key of the specification (`protocol/README.md`, section 17). Records are written by the
 * contracts only, from values they have parsed and checked: whoever reads one trusts its shape, and trusts its content
 * as far as it trusts the endorsers.
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
