/**
 * Asking for proof (paper 004: challenge now, with as many blocks as the owner likes), and reading verdicts.
 *
 * Two answers: a gateway checks a node at once by equation (5), which binds nobody; and the ledger audits the file two
 * epochs ahead with a challenge that nobody knows yet, which is the verdict.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import {
  auditItemOf,
  auditList,
  challengeAnswer,
  type AuditItem,
  type ChallengeAnswer,
} from '@holdfast/protocol/file-messages.js';
import type { AuditOptions } from '@holdfast/protocol/owner/ask-audit.js';
import type { Session } from './session.ts';

const POLL_MS = 1_000;
/** Of a transaction that the gateway does not tell. */
const UNKNOWN = { at: null, transactionId: null, ledgerBlockNumber: null };

/** (Owner) Has one node checked at once, off the ledger. */
export const challengeNow = async (
  { api }: Session,
  fileId: string,
  { node, blocks }: AuditOptions,
): Promise<ChallengeAnswer['now']> => {
  const json = {
    ...(node === undefined ? {} : { node }),
    ...(blocks === undefined ? {} : { blocks }),
  };
  const path = `/v1/files/${fileId}/challenges`;
  return (await api.call('POST', path, challengeAnswer, { json })).now;
};

/**
 * (Owner) The first audit of an epoch from `fromEpoch` on, once it is on the ledger.
 *
 * @returns undefined where the time is over before.
 */
export async function awaitAudit(
  session: Session,
  fileId: string,
  fromEpoch: number,
  patienceMs: number,
): Promise<AuditRecord | undefined> {
  const until = session.nowMs() + patienceMs;
  for (;;) {
    const found = (await readAudits(session, fileId)).filter(({ epoch }) => epoch >= fromEpoch);
    const [first] = found.toSorted((a, b) => a.epoch - b.epoch);
    if (first !== undefined) return first;
    if (session.nowMs() > until) return undefined;
    await delay(POLL_MS);
  }
}

/** (Owner) The newest audits of a file, attested. */
async function readAudits({ ledger }: Session, fileId: string): Promise<readonly AuditRecord[]> {
  const page = await ledger.read('audits:ofFile', { fileId, limit: 100 }, ({ items }) =>
    items.every((audit) => audit.fileId === fileId),
  );
  return page.items;
}

/** (Owner) The same, with what the gateway knows of their transactions. */
export async function listAudits(session: Session, fileId: string): Promise<readonly AuditItem[]> {
  const records = await readAudits(session, fileId);
  if (records.length === 0) return [];
  const path = `/v1/files/${fileId}/audits?limit=100`;
  const told = await session.api.call('GET', path, auditList).catch(() => undefined);
  return records.map((record) => {
    const same = told?.items.find(({ epoch }) => epoch === record.epoch);
    const { at, transactionId, ledgerBlockNumber } = same ?? UNKNOWN;
    return auditItemOf({ record, at, transactionId, ledgerBlockNumber });
  });
}
