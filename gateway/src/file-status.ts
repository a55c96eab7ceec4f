/**
 * The one state of a file (product, section 7), from what the ledger records and the monitor has seen.
 *
 * @module
 */
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import type { FileStateName, FileStatus } from '@holdfast/protocol/file-messages.js';
import type { SettledAudit } from './monitor/monitor.ts';

export interface StatusQuestion {
  readonly state: FileState;
  /** Newest first. */
  readonly audits: readonly SettledAudit[];
  readonly config: Config;
  /** The present epoch. */
  readonly epoch: number;
}

/** The newest audit of each node of the placement, none where it was never its turn. */
function byNode({ state, audits }: StatusQuestion): Map<string, SettledAudit | undefined> {
  const nodes = state.placement?.nodes ?? [];
  return new Map(
    nodes.map((node) => [node, audits.find(({ record }) => record.node === node)] as const),
  );
}

/** Nodes of the placement whose newest verdict is not `damaged`. */
const undamaged = (question: StatusQuestion): string[] =>
  [...byNode(question)]
    .filter(([, audit]) => audit?.record.verdict !== 'damaged')
    .map(([node]) => node);

/** The first state that applies; `storing` is that of an upload, not of a file. */
export function stateOf(question: StatusQuestion): FileStateName {
  const { state } = question;
  if (state.file.state === 'retired') return 'retired';
  if (state.due?.verdict === 'damaged') return damagedState(question);
  if (state.due?.verdict === 'unanswered') return 'unanswered';
  if (isOverdue(sinceOf(state), question.epoch, question.config)) return 'overdue';
  return state.due?.verdict === 'intact' ? 'intact' : 'awaiting-audit';
}

/** A provider repairs from another node as soon as its concession is on the ledger. */
function damagedState(question: StatusQuestion): FileStateName {
  const nodes = question.state.placement?.nodes ?? [];
  if (undamaged(question).length > 0) return 'repairing';
  return nodes.length > 1 ? 'lost' : 'damaged';
}

/** Green decays: twice the period and the window, counted in epochs, so that a ledger that stood still ages nothing. */
export const isOverdue = (
  since: number,
  epoch: number,
  { auditPeriod, answerWindow }: Pick<Config, 'auditPeriod' | 'answerWindow'>,
): boolean => epoch - since > 2 * auditPeriod + answerWindow;

/** Epoch of its newest audit, or of its registration. */
const sinceOf = ({ due, file }: FileState): number => due?.last ?? file.epochRegistered;

/** Every block has a replica without known damage. */
export const isSafe = (question: StatusQuestion): boolean =>
  question.state.file.state === 'active' && undamaged(question).length > 0;

/** What a list and a status say alike. */
export function summaryOf(question: StatusQuestion) {
  const { fileId, version, blockCount, blockSize } = question.state.file;
  const [state, safe] = [stateOf(question), isSafe(question)];
  return { fileId, version, blocks: blockCount, blockSize, state, safe };
}

export function statusOf(question: StatusQuestion): FileStatus {
  const { state, audits, epoch } = question;
  const { due } = state;
  return {
    ...summaryOf(question),
    epoch,
    lastAudit: due?.last ?? null,
    replicas: [...byNode(question)].map(([node, audit]) => ({
      node,
      verdict: audit?.record.verdict ?? null,
      at: audit?.at ?? null,
      transactionId: audit?.transactionId ?? null,
    })),
    damagedBlocks: damagedBlocks(state, audits).map(({ uid, node }) => ({
      uid,
      node,
      repairedAt: null,
    })),
  };
}

/**
 * Conceded blocks and when they were found; those that the ledger lists are damaged still, the others of these audits
 * were repaired when an intact verdict of their node came after.
 */
export function foundBlocks(state: FileState, audits: readonly SettledAudit[]): FoundBlock[] {
  const damaged = damagedBlocks(state, audits);
  const known = new Set(damaged.map(({ uid, node }) => `${uid} ${node}`));
  return [
    ...damaged,
    ...repairedBlocks(audits).filter(({ uid, node }) => !known.has(`${uid} ${node}`)),
  ];
}

export interface FoundBlock {
  readonly uid: number;
  readonly node: string;
  readonly foundAt: string | null;
  /** When the verdict came that shows it whole; null where none has. */
  readonly repairedAt: string | null;
}

/** Conceded blocks that no intact verdict has covered since. */
export function damagedBlocks({ due }: FileState, audits: readonly SettledAudit[]): FoundBlock[] {
  return (due?.uids ?? []).map((uid) => {
    const found = audits.findLast(({ record }) => record.uids.includes(uid));
    const node = found?.record.node ?? due?.node ?? '';
    return { uid, node, foundAt: found?.at ?? null, repairedAt: null };
  });
}

/** From audits, newest first: the newest damage of a block on a node whose next intact verdict, with its time, is among them. */
function repairedBlocks(audits: readonly SettledAudit[]): FoundBlock[] {
  const healed = new Map<string, string | null>();
  const seen = new Map<string, FoundBlock>();
  for (const { record, at } of audits) {
    const { node, verdict } = record;
    if (verdict === 'intact') healed.set(node, at);
    const repairedAt = healed.get(node) ?? null;
    if (verdict !== 'damaged' || repairedAt === null) continue;
    for (const uid of record.uids) {
      const name = `${uid} ${node}`;
      if (!seen.has(name)) seen.set(name, { uid, node, foundAt: at, repairedAt });
    }
  }
  return [...seen.values()];
}
