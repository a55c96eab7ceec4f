/**
 * The records of one file, read together.
 *
 * @module
 */
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { FileState, Submit } from '@holdfast/protocol/ledger-transactions.js';
import { callersAccount, type Call } from './call.ts';
import { must, short } from './refuse.ts';
import { KEYS } from './state-keys.ts';
import type { State } from './state.ts';

/** @throws `NOT_FOUND` where it was never registered. */
export async function fileState(state: State, fileId: string): Promise<FileState> {
  const file = await state.find(KEYS.file(fileId), `file ${short(fileId)}`);
  return {
    file,
    placement: (await state.get(KEYS.placement(fileId))) ?? null,
    due: (await state.get(KEYS.due(file.providerId, fileId))) ?? null,
    ask: (await state.get(KEYS.ask(fileId))) ?? null,
  };
}

/** @throws `NOT_FOUND` where it was never registered or has been retired. */
export async function activeFile(state: State, fileId: string): Promise<FileRecord> {
  const file = await state.find(KEYS.file(fileId), `file ${short(fileId)}`);
  must(file.state === 'active', 'NOT_FOUND', `file ${short(fileId)} is retired`);
  return file;
}

/** @throws also `NOT_ALLOWED` where it is another owner's. */
export async function ownFile(
  call: Pick<Call<Submit>, 'state' | 'caller'>,
  fileId: string,
): Promise<FileRecord> {
  const { ownerId } = await callersAccount(call);
  const file = await activeFile(call.state, fileId);
  must(file.ownerId === ownerId, 'NOT_ALLOWED', `file ${short(fileId)} belongs to another owner`);
  return file;
}
