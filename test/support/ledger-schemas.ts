/** The schema of every record of the ledger's state, by the type in its key. */
import * as r from '@holdfast/protocol/ledger-records.js';
import { digest } from '@holdfast/protocol/schema.js';
import { z } from 'zod';

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  config: r.config,
  configvote: z.strictObject({ digest }),
  clock: r.clock,
  organisation: r.organisation,
  account: r.account,
  signer: z.strictObject({ ownerId: digest }),
  tagkey: r.tagKeyRecord,
  purse: r.purse,
  credit: r.credit,
  file: r.fileRecord,
  placement: r.placement,
  owned: r.owned,
  anchor: r.anchorRecord,
  member: r.member,
  due: r.dueRecord,
  ask: r.askRecord,
  audit: r.auditRecord,
  beacon: r.beaconRecord,
  tick: r.tickRecord,
  shares: r.shareRecord,
};

/** @throws where a written record is not what its schema says; a deleted one is null. */
export function checkRecord(key: string, record: unknown): void {
  if (record === null) return;
  const schema = SCHEMAS[key.split('/')[0] ?? ''];
  if (schema === undefined) throw new Error(`${key}: no schema for such a record`);
  const { error } = schema.safeParse(record);
  if (error !== undefined) throw new Error(`${key}: ${error.message}`);
}
