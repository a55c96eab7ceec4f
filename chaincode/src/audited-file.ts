/**
 * What the audit of one file in one epoch rests on, read from the state: `answer`, `concede` and `miss` begin alike.
 *
 * @module
 */
import { beaconsOfRule, challengeOf, isDue } from '@holdfast/protocol/audit.js';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import type { BeaconRecord, Config } from '@holdfast/protocol/consortium-records.js';
import { activeFile } from './file-state.ts';
import { must, short } from './refuse.ts';
import { auditRecord, dueAfter, type AuditedFile, type Outcome } from './settlement.ts';
import { KEYS } from './state-keys.ts';
import type { State } from './state.ts';

/** What all files of a transaction share. */
export interface Audit {
  readonly state: State;
  readonly config: Config;
  readonly channel: string;
  /** Of the epoch audited. */
  readonly beacon: BeaconRecord;
  /** Values of beacons read so far, by epoch. */
  readonly beacons: Map<number, string>;
}

/** @throws `NOT_FOUND`, `ALREADY_EXISTS` where it is settled, `NOT_DUE`. */
export async function auditedFile(audit: Audit, fileId: string): Promise<AuditedFile> {
  const { state, config, channel, beacon } = audit;
  const { epoch } = beacon;
  const file = await activeFile(state, fileId);
  const settled = `the audit of ${short(fileId)} in epoch ${epoch} is settled`;
  await state.refuse(KEYS.audit(fileId, epoch), settled);
  const placement = await state.find(KEYS.placement(fileId), `placement of ${short(fileId)}`);
  const due = await state.find(KEYS.due(file.providerId, fileId), `audits of ${short(fileId)}`);
  const ask = (await state.get(KEYS.ask(fileId))) ?? null;
  const fileState = { file, placement, due, ask };
  await readBeacons(audit, beaconsOfRule(due, epoch, config));
  const isOpen = isDue({ state: fileState, epoch, beacons: audit.beacons, config });
  must(isOpen, 'NOT_DUE', `file ${short(fileId)} has no challenge open in epoch ${epoch}`);
  const challenge = challengeOf({ channel, epoch, beacon: beacon.value, file, due, ask });
  return { ...fileState, beacon, challenge };
}

/** Reads those beacons that this transaction has not read yet. */
export async function readBeacons(
  { state, beacons }: Pick<Audit, 'state' | 'beacons'>,
  epochs: readonly number[],
): Promise<void> {
  for (const epoch of epochs) {
    if (beacons.has(epoch)) continue;
    beacons.set(epoch, (await state.find(KEYS.beacon(epoch), `beacon ${epoch} yet`)).value);
  }
}

/** Writes verdict and what follows from it. An `ask` is spent by the first audit of an epoch it is for. */
export async function settle(
  { state, config }: Pick<Audit, 'state' | 'config'>,
  audited: AuditedFile,
  outcome: Outcome,
): Promise<AuditRecord> {
  const { fileId, providerId } = audited.file;
  const record = auditRecord(audited, outcome, config);
  const due = dueAfter(audited.due, record);
  await state.put(KEYS.audit(fileId, record.epoch), record);
  await state.put(KEYS.due(providerId, fileId), due);
  const { ask } = audited;
  if (ask !== null && ask.fromEpoch <= record.epoch) await state.remove(KEYS.ask(fileId));
  return record;
}
