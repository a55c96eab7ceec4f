/**
 * The alerts of the gateway's REST interface: what happened to an owner's files, and to the nodes that hold them.
 *
 * @module
 */
import { z } from 'zod';
import * as s from './schema.ts';

const alertOf = { id: z.string(), at: s.instant.nullable() };
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
