/**
 * The bodies of the gateway's REST interface: one schema each for validation, types, client and reference.
 *
 * @module
 */
import { z } from 'zod';
import * as r from './ledger-records.ts';
import * as s from './schema.ts';

export const instant = z.iso.datetime();

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

/** POST /v1/oprf: one call a key server; modulus-sized elements. */
export const oprfRequest = z.strictObject({
  keyServer: s.name,
  blinded: z.array(s.bytes(384)).min(1).max(64),
});
export const oprfAnswer = z.strictObject({
  keyServer: s.name,
  evaluated: z.array(s.bytes(384)).min(1).max(64),
});

/** POST /v1/uploads (tus 1.0.0 creation; sizes also in Upload-Length). */
export const uploadRequest = z.strictObject({
  fileId: s.digest,
  tagKeyId: s.digest,
  blockSize: s.blockSize,
  paddedSize: z
    .int()
    .min(64)
    .max(2 ** 46),
  manifestSize: z
    .int()
    .min(1)
    .max(2 ** 31),
  firstUid: z.literal(0),
  taggedAt: s.counter,
  padding: z.boolean(),
});
export type UploadRequest = z.infer<typeof uploadRequest>;
export const uploadAnswer = z.strictObject({ uploadId: s.name, terms: r.terms });
export type UploadAnswer = z.infer<typeof uploadAnswer>;

/** POST /v1/uploads/{id}/acceptance, after ciphertext, manifest, tags and card. */
export const acceptanceRequest = z.strictObject({
  /** The nonce of W. */
  nonce: s.bytes(16),
  salt: s.bytes(32),
  root: s.digest,
  /** The owner's nonce of the file id, so that the provider can check whose it is. */
  fileNonce: s.bytes(32),
});
export type AcceptanceRequest = z.infer<typeof acceptanceRequest>;
export const acceptanceAnswer = z.strictObject({
  acceptance: s.pointG1,
  cid: z.string(),
  anchor: s.digest,
  /** Nodes that hold the file now: at least the minimum. */
  nodes: z.array(s.name).min(1),
});
export type AcceptanceAnswer = z.infer<typeof acceptanceAnswer>;

/** POST /v1/ledger/proposals: a SignedProposal, endorsed but not submitted. */
export const proposalRequest = z.strictObject({ proposal: s.base64url, signature: s.base64url });
export const proposalAnswer = z.strictObject({
  transactionId: s.digest,
  /** The prepared Envelope without its signature. */
  envelope: s.base64url,
});
/** POST /v1/ledger/envelopes: the signed Envelope. */
export const envelopeRequest = z.strictObject({ envelope: s.base64url, signature: s.base64url });
export const envelopeAnswer = z.strictObject({
  transactionId: s.digest,
  ledgerBlockNumber: s.counter,
  validation: z.string(),
});

export const replica = z.strictObject({
  node: s.name,
  verdict: s.verdict.nullable(),
  at: instant.nullable(),
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

/** GET /v1/files/{id}/status */
export const fileStatus = z.strictObject({
  fileId: s.digest,
  version: s.u32,
  blocks: s.u32,
  blockSize: s.blockSize,
  state: fileStateName,
  /** Every block has a replica without known damage. */
  safe: z.boolean(),
  /** Newest audited epoch and the present one: green decays. */
  epoch: s.epoch,
  lastAudit: s.epoch.nullable(),
  replicas: z.array(replica),
  damagedBlocks: z.array(
    z.strictObject({ uid: s.counter, node: s.name, repairedAt: instant.nullable() }),
  ),
});
export type FileStatus = z.infer<typeof fileStatus>;

export const fileListItem = z.strictObject({
  fileId: s.digest,
  version: s.u32,
  blocks: s.u32,
  blockSize: s.blockSize,
  state: fileStateName,
  safe: z.boolean(),
  replicas: z.int(),
  wantedReplicas: z.int(),
  lastVerdict: s.verdict.nullable(),
  lastVerdictAt: instant.nullable(),
  /** base64url of the sealed card: name, type and date under the owner's key. */
  card: s.base64url,
});
export const fileList = z.strictObject({
  items: z.array(fileListItem),
  next: z.string().nullable(),
});
export type FileList = z.infer<typeof fileList>;

/** One audit as GET /v1/files/{id}/audits shows it. */
export const auditItem = z.strictObject({
  auditId: z.string(),
  epoch: s.epoch,
  node: s.name,
  delegate: s.name,
  sampled: s.u32,
  blocks: s.u32,
  verdict: s.verdict,
  independent: z.boolean(),
  damagedUids: z.array(s.counter),
  at: instant.nullable(),
  transactionId: s.digest.nullable(),
  ledgerBlockNumber: s.counter.nullable(),
});
export type AuditItem = z.infer<typeof auditItem>;

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
/** GET /v1/nodes */
export const nodeItem = z.strictObject({
  node: s.name,
  organisation: s.name,
  state: z.enum(['up', 'down']),
  freeBytes: z.string(),
  files: z.int(),
  damagedBlocks: z.int(),
});
export const nodeList = z.strictObject({ items: z.array(nodeItem) });

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

const alertOf = { id: z.string(), at: instant.nullable() };
const aboutFile = { ...alertOf, fileId: s.digest, transactionId: s.digest };

/** GET /v1/alerts: what happened to an owner's files; ids are ledgerBlock.transaction.item and ascend. */
export const alert = z.discriminatedUnion('event', [
  z.strictObject({ ...aboutFile, event: z.literal('FileRegistered') }),
  z.strictObject({
    ...aboutFile,
    event: z.literal('VerdictReached'),
    auditId: z.string(),
    node: s.name,
    verdict: s.verdict,
    sampled: s.u32,
  }),
  z.strictObject({
    ...aboutFile,
    event: z.literal('FileDamaged'),
    node: s.name,
    blocks: z.array(s.counter),
    /** Another node of the placement is without known damage. */
    safe: z.boolean(),
  }),
  /** A delegate fetched the challenged blocks because no answer came: an alert, no verdict. */
  z.strictObject({
    ...alertOf,
    event: z.literal('DamageLocated'),
    fileId: s.digest,
    node: s.name,
    blocks: z.array(s.counter),
  }),
  z.strictObject({ ...aboutFile, event: z.literal('FileRepaired'), node: s.name }),
  z.strictObject({ ...aboutFile, event: z.literal('FileRetired') }),
  z.strictObject({ ...alertOf, event: z.enum(['NodeDown', 'NodeUp']), node: s.name }),
]);
export type Alert = z.infer<typeof alert>;
export const alertList = z.strictObject({ items: z.array(alert), next: z.string().nullable() });

/** GET /v1/files/{id}/audits */
export const auditList = z.strictObject({ items: z.array(auditItem), next: z.string().nullable() });

/** GET /v1/files/{id}/blocks: blocks found damaged; with ?state=damaged those that no intact verdict has covered since. */
export const blockList = z.strictObject({
  items: z.array(
    z.strictObject({
      uid: s.counter,
      node: s.name,
      foundAt: instant.nullable(),
      repairedAt: instant.nullable(),
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

/** GET /v1/ledger/transactions/{id} */
export const ledgerTransaction = z.strictObject({
  transactionId: s.digest,
  ledgerBlockNumber: s.counter,
  validation: z.string(),
  at: instant.nullable(),
  contract: z.string(),
  function: z.string(),
  /** What it did, for people. */
  sentence: z.string(),
  creator: z.strictObject({ mspId: z.string(), commonName: z.string() }),
  endorsers: z.array(z.string()),
  /** What it weighs on the ledger: all of it, and its endorsements. */
  bytes: z.strictObject({ envelope: s.counter, endorsements: s.counter }),
  args: z.unknown(),
  result: z.unknown(),
  reads: z.array(z.string()),
  writes: z.array(z.string()),
  event: z.strictObject({ name: z.string(), payload: z.unknown() }).nullable(),
});
/** GET /v1/ledger/blocks/{number} */
export const ledgerBlock = z.strictObject({
  number: s.counter,
  previousHash: z.string(),
  dataHash: z.string(),
  transactions: z.array(ledgerTransaction),
});
