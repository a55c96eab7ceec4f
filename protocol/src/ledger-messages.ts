/**
 * The bodies of the gateway's REST interface about the ledger: what an owner signs on its way there, and transactions
 * and ledger blocks as anybody may read them.
 *
 * @module
 */
import { z } from 'zod';
import * as s from './schema.ts';

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

/** GET /v1/ledger/transactions/{id} */
export const ledgerTransaction = z.strictObject({
  transactionId: s.digest,
  ledgerBlockNumber: s.counter,
  validation: z.string(),
  at: s.instant.nullable(),
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
