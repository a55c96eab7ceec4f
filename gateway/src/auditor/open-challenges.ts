/**
 * Files whose challenge of an epoch is open and unanswered.
 *
 * @module
 */
import type { FileState, Page } from '@holdfast/protocol/ledger-transactions.js';
import type { LedgerSession } from '../ledger/ledger.ts';

/** (Delegate) All of them, page by page. */
export async function* openChallenges(
  session: LedgerSession,
  providerId: string,
  epoch: number,
  signal: AbortSignal,
): AsyncGenerator<FileState, void> {
  let cursor: string | null = '';
  while (cursor !== null) {
    const at: { cursor?: string } = cursor === '' ? {} : { cursor };
    const page: Page<FileState> = await session.evaluate(
      'audits:due',
      { providerId, epoch, ...at },
      signal,
    );
    yield* page.items;
    cursor = page.next;
  }
}
