/**
 * What a client of the gateway meets first: the network that it pins, an account, the storage nodes, and how every
 * refusal reads.
 *
 * The bodies of the REST interface stand in `*-messages.ts`: one schema each for validation, types, client and reference.
 *
 * @module
 */
import { z } from 'zod';
import * as s from './schema.ts';

/** GET /v1/network: what a client must pin before it trusts an endorsement. */
export const network = z.strictObject({
  channel: s.name,
  chaincode: s.name,
  /** Three groups of four hex digits: T("consortium", ...)[0..6]. */
  consortium: z.string().regex(/^[0-9a-f]{4}(?:-[0-9a-f]{4}){2}$/),
  /** The MSP id whose agent this gateway plays. */
  agent: s.name,
  organisations: z.array(z.strictObject({ mspId: s.name, rootCertificate: z.string() })).min(1),
  development: z.boolean(),
});
export type Network = z.infer<typeof network>;

/** POST /v1/accounts: a certificate for the owner's own key. Enrolling the same key again is a renewal. */
export const accountRequest = z.strictObject({
  custody: z.literal('owner'),
  /** PKCS #10, PEM. */
  csr: z.string().min(1).max(8_192),
});
export const accountAnswer = z.strictObject({
  ownerId: s.digest,
  mspId: s.name,
  certificate: z.string(),
  /** Credit notes transferred to a new owner, to be collected after `accounts:open`. */
  credits: z.array(s.digest),
});
export type AccountAnswer = z.infer<typeof accountAnswer>;

/** GET /v1/nodes */
const nodeItem = z.strictObject({
  node: s.name,
  organisation: s.name,
  state: z.enum(['up', 'down']),
  freeBytes: z.string(),
  files: z.int(),
  damagedBlocks: z.int(),
});
export const nodeList = z.strictObject({ items: z.array(nodeItem), next: z.string().nullable() });

/** RFC 9457 problem document. */
export const problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  instance: z.string().optional(),
  transactionId: s.digest.optional(),
  next: z.string().optional(),
  errors: z.array(z.strictObject({ pointer: z.string(), detail: z.string() })).optional(),
});
export type Problem = z.infer<typeof problem>;
