/**
 * What the ledger should come to, written plainly: one transaction after the other on maps of numbers and names, without
 * keys, versions or proofs.
 */
import type { ErrorCode } from '@holdfast/protocol/errors.js';
import type { AskRecord, AuditRecord, DueRecord } from '@holdfast/protocol/audit-records.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';

/** A transaction as the model knows it; `owner` is an owner id. */
export type Step =
  | { what: 'transfer'; owner: string; to: string; amount: bigint; lane: number }
  | { what: 'collect'; owner: string; lane: number; notes: readonly string[]; sources: number[] }
  | { what: 'register'; owner: string; fileId: string; epoch: number }
  | { what: 'ask'; owner: string; fileId: string; epoch: number }
  | { what: 'retire'; owner: string; fileId: string }
  | { what: 'answer'; epoch: number; now: number; fileIds: readonly string[] }
  | { what: 'tick'; mspId: string; epoch: number }
  | { what: 'advance'; epoch: number };

interface ModelFile {
  readonly owner: string;
  isRetired: boolean;
  /** First epoch that can be due; null once it is retired. */
  from: number | null;
  /** First epoch of an audit that was asked for. */
  asked: number | null;
  readonly audits: number[];
}

/** Everything that transactions change. */
export interface World {
  epoch: number;
  readonly ticks: Set<string>;
  /** By `owner/lane`, where it is not 0. */
  readonly lanes: Map<string, bigint>;
  /** By `owner/note`. */
  readonly notes: Map<string, bigint>;
  readonly files: Map<string, ModelFile>;
}

/** Why the ledger must refuse the step as things stand, or null. */
export const refusalOf = (world: World, step: Step): ErrorCode | null =>
  (REFUSALS[step.what] as (world: World, step: Step) => ErrorCode | null)(world, step);

type Kind<K extends Step['what']> = Extract<Step, { what: K }>;

const EXISTS = 'ALREADY_EXISTS';

const REFUSALS: { [K in Step['what']]: (world: World, step: Kind<K>) => ErrorCode | null } = {
  transfer: (world, step) => (laneOf(world, step) < step.amount ? 'BALANCE_TOO_LOW' : null),
  collect: (world, { owner, notes }) =>
    notes.every((id) => world.notes.has(`${owner}/${id}`)) ? null : 'NOT_FOUND',
  register: (world, { epoch, fileId }) =>
    namingRefused(world, epoch) ?? (world.files.has(fileId) ? EXISTS : null),
  ask: (world, step) =>
    ownRefused(world, step) ??
    namingRefused(world, step.epoch) ??
    (fileOf(world, step.fileId).asked === null ? null : EXISTS),
  retire: ownRefused,
  answer: (world, { fileIds, epoch }) =>
    fileIds.map((id) => auditRefused(world, id, epoch)).find((code) => code !== null) ?? null,
  tick: (world, { epoch, mspId }) => (world.ticks.has(`${epoch}/${mspId}`) ? EXISTS : null),
  advance: (world, { epoch }) => (epoch <= world.epoch ? EXISTS : null),
};

function namingRefused(world: World, epoch: number): ErrorCode | null {
  if (epoch > world.epoch) return 'NOT_FOUND';
  return epoch + 2 <= world.epoch ? 'EPOCH_PASSED' : null;
}

function ownRefused(
  world: World,
  { owner, fileId }: { owner: string; fileId: string },
): ErrorCode | null {
  const file = world.files.get(fileId);
  if (file === undefined || file.isRetired) return 'NOT_FOUND';
  return file.owner === owner ? null : 'NOT_ALLOWED';
}

function auditRefused(world: World, fileId: string, epoch: number): ErrorCode | null {
  const file = world.files.get(fileId);
  if (file === undefined || file.from === null) return 'NOT_FOUND';
  if (file.audits.includes(epoch)) return EXISTS;
  return epoch < file.from ? 'NOT_DUE' : null;
}

/**
 * Runs the step.
 *
 * @param notes - ids of the notes that it wrote, which nobody can foretell.
 * @throws where the step must be refused.
 */
export function perform(world: World, step: Step, notes: readonly string[]): void {
  const refusal = refusalOf(world, step);
  if (refusal !== null) throw new Error(`${step.what} went through, expected ${refusal}`);
  (EFFECTS[step.what] as (world: World, step: Step, notes: readonly string[]) => void)(
    world,
    step,
    notes,
  );
}

type Effects = {
  [K in Step['what']]: (world: World, step: Kind<K>, notes: readonly string[]) => void;
};

const EFFECTS: Effects = {
  transfer(world, step, notes) {
    setLane(world, step, laneOf(world, step) - step.amount);
    for (const id of notes) world.notes.set(`${step.to}/${id}`, step.amount);
  },
  collect,
  register(world, { fileId, owner, epoch }) {
    const from = epoch + 2;
    world.files.set(fileId, { owner, isRetired: false, from, asked: null, audits: [] });
  },
  ask(world, { fileId, epoch }) {
    fileOf(world, fileId).asked = epoch + 2;
  },
  retire(world, { fileId }) {
    Object.assign(fileOf(world, fileId), { isRetired: true, from: null, asked: null });
  },
  answer(world, step) {
    for (const id of step.fileIds) settle(fileOf(world, id), step);
  },
  tick(world, { epoch, mspId }) {
    world.ticks.add(`${epoch}/${mspId}`);
  },
  advance(world, { epoch }) {
    world.epoch = epoch;
  },
};

function collect(world: World, { owner, lane, notes, sources }: Kind<'collect'>): void {
  let sum = laneOf(world, { owner, lane });
  for (const id of notes) {
    sum += world.notes.get(`${owner}/${id}`) ?? 0n;
    world.notes.delete(`${owner}/${id}`);
  }
  for (const source of sources) {
    sum += laneOf(world, { owner, lane: source });
    setLane(world, { owner, lane: source }, 0n);
  }
  setLane(world, { owner, lane }, sum);
}

function settle(file: ModelFile, { epoch, now }: { epoch: number; now: number }): void {
  file.from = now + 1;
  file.audits.push(epoch);
  if (file.asked !== null && file.asked <= epoch) file.asked = null;
}

interface Lane {
  readonly owner: string;
  readonly lane: number;
}

const laneOf = (world: World, { owner, lane }: Lane): bigint =>
  world.lanes.get(`${owner}/${lane}`) ?? 0n;

function setLane(world: World, { owner, lane }: Lane, balance: bigint): void {
  if (balance === 0n) world.lanes.delete(`${owner}/${lane}`);
  else world.lanes.set(`${owner}/${lane}`, balance);
}

function fileOf(world: World, fileId: string): ModelFile {
  const file = world.files.get(fileId);
  if (file === undefined) throw new Error(`no file ${fileId}`);
  return file;
}

/** What two steps may not both change: a lane, a note, a file, a slot of the clock. */
export function contended(step: Step): string[] {
  switch (step.what) {
    case 'transfer':
      return [`lane ${step.owner}/${step.lane}`];
    case 'collect':
      return [
        ...[step.lane, ...step.sources].map((lane) => `lane ${step.owner}/${lane}`),
        ...step.notes.map((id) => `note ${step.owner}/${id}`),
      ];
    case 'register':
    case 'ask':
    case 'retire':
      return [`file ${step.fileId}`];
    case 'answer':
      return step.fileIds.map((id) => `file ${id}`);
    case 'tick':
      return [`tick ${step.epoch}/${step.mspId}`];
    case 'advance':
      return [`beacon ${step.epoch}`];
  }
}

/** The same reading of the real state, `type/part/part` to record. */
export function worldOf(state: ReadonlyMap<string, unknown>): World {
  const world: World = {
    epoch: 0,
    ticks: new Set(),
    lanes: new Map(),
    notes: new Map(),
    files: new Map(),
  };
  const rows = [...state].map(([key, record]) => ({ parts: key.split('/'), record }));
  for (const { parts, record } of rows) readRecord(world, parts, record);
  for (const { parts, record } of rows) readAudit(world, parts, record);
  for (const { audits } of world.files.values()) audits.sort((a, b) => a - b);
  return world;
}

function readRecord(world: World, [type, one = '', other = '']: string[], record: unknown): void {
  if (type === 'clock') world.epoch = (record as { epoch: number }).epoch;
  if (type === 'tick') world.ticks.add(`${Number(one)}/${other}`);
  if (type === 'purse') {
    const { balance } = record as { balance: string };
    setLane(world, { owner: one, lane: Number(other) }, BigInt(balance));
  }
  if (type === 'credit') {
    world.notes.set(`${one}/${other}`, BigInt((record as { amount: string }).amount));
  }
  if (type === 'file') {
    const { ownerId: owner, state } = record as FileRecord;
    const isRetired = state === 'retired';
    world.files.set(one, { owner, isRetired, from: null, asked: null, audits: [] });
  }
}

/** Of a file that {@link readRecord} has found. */
function readAudit(world: World, [type, fileId = '', other = '']: string[], record: unknown): void {
  if (type === 'due') fileOf(world, other).from = (record as DueRecord).from;
  if (type === 'ask') fileOf(world, fileId).asked = (record as AskRecord).fromEpoch;
  if (type === 'audit') fileOf(world, fileId).audits.push((record as AuditRecord).epoch);
}
