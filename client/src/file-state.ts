/**
 * The state of a file in one word, the first that applies (the ledger's record decides; a gateway may add bad news).
 *
 * Green decays: a verdict older than twice the file's audit period is overdue, never intact. Ages are counted in epochs:
 * while the ledger stands still nothing grows old.
 *
 * @module
 */
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { fileStateName, type FileStateName } from '@holdfast/protocol/file-messages.js';

/** From the worst to the best. */
const ORDER: readonly FileStateName[] = fileStateName.options;

/**
 * (Owner) The state that the ledger shows.
 *
 * @param epoch - the newest, read attested.
 */
export function ledgerStateOf(
  { file, due }: FileState,
  epoch: number,
  { auditPeriod }: Pick<Config, 'auditPeriod'>,
): FileStateName {
  if (file.state === 'retired' || due === null) return 'retired';
  if (due.verdict === 'damaged' || due.verdict === 'unanswered') return due.verdict;
  const since = due.last ?? due.from;
  if (epoch - since > 2 * auditPeriod) return 'overdue';
  return due.verdict === null ? 'awaiting-audit' : 'intact';
}

/**
 * (Owner) What is shown: never better than the ledger says. A gateway knows more of two things: that a repair of what is
 * damaged has begun, and that something is worse than the ledger can know.
 *
 * @param told - what the gateway says; undefined where it was not asked.
 */
export function shownState(
  ofLedger: FileStateName,
  told: FileStateName | undefined,
): FileStateName {
  if (told === undefined || ofLedger === 'retired') return ofLedger;
  if (ofLedger === 'damaged' && told === 'repairing') return 'repairing';
  return ORDER.indexOf(told) < ORDER.indexOf(ofLedger) && told !== 'retired' ? told : ofLedger;
}
