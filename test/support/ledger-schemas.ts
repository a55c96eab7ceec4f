/** The schema of every record of the ledger's state, by the type in its key. */
import * as accounts from '@holdfast/protocol/account-records.js';
import * as audits from '@holdfast/protocol/audit-records.js';
import * as consortium from '@holdfast/protocol/consortium-records.js';
import * as files from '@holdfast/protocol/file-records.js';
import { digest } from '@holdfast/protocol/schema.js';
import { z } from 'zod';

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  config: consortium.config,
  configvote: z.strictObject({ digest }),
  clock: consortium.clock,
  organisation: consortium.organisation,
  account: accounts.account,
  signer: z.strictObject({ ownerId: digest }),
  tagkey: accounts.tagKeyRecord,
  purse: accounts.purse,
  credit: accounts.credit,
  file: files.fileRecord,
  placement: files.placement,
  owned: files.owned,
  anchor: files.anchorRecord,
  member: audits.member,
  due: audits.dueRecord,
  ask: audits.askRecord,
  audit: audits.auditRecord,
  beacon: consortium.beaconRecord,
  tick: consortium.tickRecord,
  shares: files.shareRecord,
};

/** @throws where a written record is not what its schema says; a deleted one is null. */
export function checkRecord(key: string, record: unknown): void {
  if (record === null) return;
  const schema = SCHEMAS[key.split('/')[0] ?? ''];
  if (schema === undefined) throw new Error(`${key}: no schema for such a record`);
  const { error } = schema.safeParse(record);
  if (error !== undefined) throw new Error(`${key}: ${error.message}`);
}
