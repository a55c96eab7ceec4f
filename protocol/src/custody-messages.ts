/**
 * The bodies of the gateway's REST interface that are for managed custody only: names and plaintext sizes in clear,
 * because the agent keeps the owner's keys.
 *
 * @module
 */
import { z } from 'zod';
import { challengeAnswer, fileListItem, fileStateName, fileStatus } from './file-messages.ts';
import { accountRequest } from './network-messages.ts';
import * as s from './schema.ts';

/** POST /v1/accounts with managed custody: the agent keeps the keys, under the password. */
export const managedAccountRequest = z.strictObject({
  custody: z.literal('agent'),
  name: s.name,
  password: s.password,
});
export const newAccountRequest = z.discriminatedUnion('custody', [
  accountRequest,
  managedAccountRequest,
]);
export const managedAccountAnswer = z.strictObject({
  /** The owner's id. */
  accountId: s.digest,
  custody: z.literal('agent'),
  balance: s.amount,
  /** The seed as 24 words: in this answer, and never again. */
  recoveryPhrase: z.string(),
});
export type ManagedAccountAnswer = z.infer<typeof managedAccountAnswer>;

/** PUT /v1/accounts/password: authenticated with the old one. */
export const passwordRequest = z.strictObject({ password: s.password });

const named = {
  name: z.string(),
  /** Bytes of plaintext. */
  size: s.counter,
};

/** PUT /v1/files/{name}: on the ledger. */
export const managedFileAnswer = z.strictObject({
  fileId: s.digest,
  ...named,
  cid: z.string(),
  blocks: s.u32,
  version: s.u32,
  /** Nodes that hold it now. */
  replicas: z.int(),
  state: fileStateName,
  /** While the ledger runs. */
  firstAuditBy: s.instant,
  transactionId: s.digest,
});
export type ManagedFileAnswer = z.infer<typeof managedFileAnswer>;

/** GET /v1/files and its /{id}/status where the agent keeps the keys. The name is null where it cannot be opened. */
const managedFileItem = fileListItem
  .omit({ card: true })
  .extend({ name: z.string().nullable(), size: s.counter.nullable() });
export const managedFileList = z.strictObject({
  items: z.array(managedFileItem),
  next: z.string().nullable(),
});
export const managedFileStatus = fileStatus.extend(named);

/** DELETE /v1/files/{id} where the agent keeps the keys. */
export const retireAnswer = z.strictObject({
  fileId: s.digest,
  state: z.literal('retired'),
  transactionId: s.digest,
});
export type RetireAnswer = z.infer<typeof retireAnswer>;

/** The same where the agent keeps the keys: an audit on the ledger is asked for as well. */
export const managedChallengeAnswer = challengeAnswer.extend({
  /** The first epoch whose audit it shapes, and when that one will have ended. */
  fromEpoch: s.epoch,
  by: s.instant,
  charge: s.amount,
});
export type ManagedChallengeAnswer = z.infer<typeof managedChallengeAnswer>;
