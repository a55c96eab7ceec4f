/**
 * The records that stand for a file from its registration on.
 *
 * @module
 */
import type { FileRecord, ShareRecord } from '@holdfast/protocol/file-records.js';
import { KEYS } from './state-keys.ts';
import type { State } from './state.ts';

/** Epochs between the one an owner names and the first whose beacon it cannot have known (constructions 5.4). */
export const LEAD = 2;

export async function writeNewFile(
  state: State,
  file: FileRecord,
  shares: ShareRecord,
): Promise<void> {
  const { fileId, ownerId, providerId, root, chameleonKey, chameleonHash } = file;
  const epoch = file.epochRegistered;
  const member = { fileId, chameleonKey, chameleonHash };
  await state.put(KEYS.file(fileId), file);
  await state.put(KEYS.placement(fileId), { nodes: file.acceptedNodes });
  await state.put(KEYS.owned(ownerId, fileId), { epoch });
  await state.put(KEYS.anchor(file.anchor), { fileId, root });
  await state.put(KEYS.member(providerId, epoch, fileId), member);
  await state.put(KEYS.shares(fileId, shares.generation), shares);
  await state.put(KEYS.due(providerId, fileId), {
    from: epoch + LEAD,
    last: null,
    verdict: null,
    node: null,
    uids: [],
    paidTo: epoch,
  });
}
