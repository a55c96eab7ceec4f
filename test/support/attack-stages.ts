/** The stages on which attacks run, on variants of the product. */
import type * as auditStages from './attack-audit.ts';
import { variantOf, type Change } from './attack-variant.ts';

/** An audit on the product with these changes. */
export async function auditWithout(
  changes: readonly Change[],
  options?: auditStages.Options,
): Promise<auditStages.AuditStage> {
  const entry = 'test/support/attack-audit.ts';
  const { newAuditStage } = await variantOf<typeof auditStages>(entry, ...changes);
  return newAuditStage(options);
}
