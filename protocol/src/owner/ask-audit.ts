/**
 * Asking for an audit on the ledger (paper 004: challenge now, with as many blocks as the owner likes).
 *
 * @module
 */
import { HoldfastError } from '../errors.ts';
import type { ActingOwner } from './acting-owner.ts';
import { readFileState } from './file-keys.ts';
import type { Lanes } from './lanes.ts';
import { readConfig, readEpoch } from './parties.ts';

export interface AuditOptions {
  /** The node that must answer; otherwise the beacon draws one. */
  readonly node?: string | undefined;
  readonly blocks?: number | 'all' | undefined;
}

/**
 * (Owner) Asks the ledger for an audit.
 *
 * @returns the first epoch whose audit it shapes; that of an audit which was asked for before, while it is pending.
 * @throws `INPUT_INVALID` where more blocks are wanted than one transaction can prove.
 */
export async function askForAudit(
  owner: ActingOwner,
  lanes: Lanes,
  fileId: string,
  { node, blocks }: AuditOptions,
): Promise<{ readonly fromEpoch: number; readonly transactionId: string | undefined }> {
  const { ledger } = owner;
  const { file, ask } = await readFileState(owner, fileId);
  if (ask !== null) return { fromEpoch: ask.fromEpoch, transactionId: undefined };
  const wanted = blocks === 'all' ? file.blockCount : blocks;
  const { answerBlocks } = await readConfig(ledger);
  if (wanted !== undefined && wanted > answerBlocks) {
    throw new HoldfastError(
      'INPUT_INVALID',
      `${wanted} blocks in one audit: the ledger verifies at most ${answerBlocks}`,
      { pointer: '/blocks' },
    );
  }
  const committed = await lanes.within((lane) =>
    ledger.submit(
      'files:ask',
      async () => ({
        fileId,
        epoch: await readEpoch(ledger),
        node: node ?? null,
        blocks: wanted ?? null,
        lane,
      }),
      (asked) => asked.fileId === fileId,
    ),
  );
  return { fromEpoch: committed.result.fromEpoch, transactionId: committed.transactionId };
}
