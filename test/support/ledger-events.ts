/** Waiting for what the ledger tells. */
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import type { Ledger, LedgerEvent } from '../../gateway/src/ledger/ledger.ts';

/** What `wanted` makes of the first event since the ledger began that it accepts. */
export async function firstEvent<T>(
  ledger: Ledger,
  wanted: (event: LedgerEvent) => T | undefined,
): Promise<T> {
  const done = new AbortController();
  try {
    for await (const each of ledger.events(undefined, done.signal)) {
      const found = wanted(each);
      if (found !== undefined) return found;
    }
  } finally {
    done.abort();
  }
  throw new Error('the events ended');
}

/** The first audit of a file, answered or conceded, that `wanted` accepts. */
export const firstAudit = (
  ledger: Ledger,
  fileId: string,
  wanted: (audit: AuditRecord) => boolean,
): Promise<AuditRecord> =>
  firstEvent(ledger, ({ name, payload }) => {
    if (name === 'AuditsAnswered') {
      return payload.audits.find((audit) => audit.fileId === fileId && wanted(audit));
    }
    const isOurs =
      name === 'AuditConceded' && payload.audit.fileId === fileId && wanted(payload.audit);
    return isOurs ? payload.audit : undefined;
  });
