/**
 * Reads what a challenge asks for from the node that has to answer, before anything is claimed about it.
 *
 * @module
 */
import { challengeOf, drawnNode, type Challenge } from '@holdfast/protocol/audit.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { isWhole } from '../storage/block-cid.ts';
import type { ProviderContext } from './context.ts';
import { leafOf, stored } from './file-rows.ts';
import { isUnreachable, nodeNamed } from './block-store.ts';

/** A challenge of one file in one epoch. */
export interface OpenChallenge {
  readonly state: FileState;
  readonly epoch: number;
  /** B_e, hex. */
  readonly beacon: string;
}

export interface Examined extends OpenChallenge {
  readonly challenge: Challenge;
  /** Whose blocks were read. */
  readonly node: string;
  /** Challenged blocks that the node has not whole, ascending; undefined where it does not answer. */
  readonly damaged: readonly number[] | undefined;
}

/**
 * (Provider) Reads and digests every challenged block.
 *
 * @param node - other than the one drawn where that one is down and the file has been placed without it.
 * @throws `NOT_FOUND` where the file is not here at all.
 */
export async function examine(
  context: ProviderContext,
  open: OpenChallenge,
  node = drawnNode(open.state, open.epoch, open.beacon),
): Promise<Examined> {
  const { epoch, beacon, state } = open;
  const challenge = challengeOf({ ...state, channel: context.channel, epoch, beacon });
  const examined = { ...open, challenge, node };
  const file = await stored(context, state.file.fileId);
  const damaged: number[] = [];
  try {
    for (const uid of challenge.uids) {
      const cid = blockCid((await leafOf(context.catalogue, file, uid)).digest);
      const bytes = await nodeNamed(context, node).get(cid, context.signal);
      if (bytes === undefined || !isWhole(cid, bytes)) damaged.push(uid);
    }
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return { ...examined, damaged: undefined };
  }
  return { ...examined, damaged };
}
