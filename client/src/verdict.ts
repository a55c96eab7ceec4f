/**
 * An audit that the owner asked for, from the question to the verdict.
 *
 * @module
 */
import type { AuditItem } from '@holdfast/protocol/file-messages.js';
import { askForAudit, type AuditOptions } from '@holdfast/protocol/owner/ask-audit.js';
import { awaitAudit, listAudits } from './audit.ts';
import type { Lanes } from '@holdfast/protocol/owner/lanes.js';
import type { Session } from './session.ts';

export interface AskedVerdict {
  /** The first epoch whose audit was shaped. */
  readonly fromEpoch: number;
  readonly transactionId: string | undefined;
  /** undefined where it had not come when patience ended. */
  readonly audit: AuditItem | undefined;
}

export interface Waiting {
  readonly patienceMs?: number;
  /** Called once the ledger has the question. */
  readonly asked?: (question: { readonly fromEpoch: number }) => void;
}

/** Ten minutes: long for a development ledger, short for slots of an hour. */
const PATIENCE_MS = 600_000;

/** (Owner) Asks, and waits for the verdict that the contract computes. */
export async function verdictOf(
  session: Session,
  lanes: Lanes,
  fileId: string,
  { patienceMs = PATIENCE_MS, asked, ...options }: AuditOptions & Waiting,
): Promise<AskedVerdict> {
  const { fromEpoch, transactionId } = await askForAudit(session, lanes, fileId, options);
  asked?.({ fromEpoch });
  const found = await awaitAudit(session, fileId, fromEpoch, patienceMs);
  const items = found === undefined ? [] : await listAudits(session, fileId);
  const audit = items.find(({ epoch }) => epoch === found?.epoch);
  return { fromEpoch, transactionId, audit };
}
