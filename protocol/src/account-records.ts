/**
 * The records of an owner on the ledger: account, tag key, purse and credit notes.
 *
 * @module
 */
import { z } from 'zod';
import * as s from './schema.ts';

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
