/** The stages on which attacks run, on variants of the product. */
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type * as auditStages from './attack-audit.ts';
import * as ledgerStages from './attack-ledger.ts';
import { variantOf, type Change } from './attack-variant.ts';
import type { TestOwner } from './owner-of-files.ts';

/** An audit on the product with these changes. */
export async function auditWithout(
  changes: readonly Change[],
  options?: auditStages.Options,
): Promise<auditStages.AuditStage> {
  const entry = 'test/support/attack-audit.ts';
  const { newAuditStage } = await variantOf<typeof auditStages>(entry, ...changes);
  return newAuditStage(options);
}

const open = new Set<ledgerStages.LedgerStage>();
let alike: TestOwner | undefined;

/** A ledger of the product, or of the product with these changes; to be closed by {@link closeLedgers}. */
export async function newLedgerStage(
  changes: readonly Change[] = [],
  config?: Config,
): Promise<ledgerStages.LedgerStage> {
  const entry = 'test/support/attack-ledger.ts';
  const stages =
    changes.length === 0 ? ledgerStages : await variantOf<typeof ledgerStages>(entry, ...changes);
  const stage = await stages.newLedgerStage(config, alike);
  open.add(stage);
  return stage;
}

export async function closeLedgers(): Promise<void> {
  for (const stage of open) {
    alike ??= stage.first();
    await stage.ledger.close();
  }
  open.clear();
}
