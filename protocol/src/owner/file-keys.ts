/**
 * From a file on the ledger to its keys: the record and its sealed shares, both read from the ledger.
 *
 * @module
 */
import { concat, hex } from '../bytes.ts';
import { HoldfastError } from '../errors.ts';
import type { FileKeys } from '../key-shares.ts';
import type { ShareRecord } from '../file-records.ts';
import type { FileState } from '../ledger-transactions.ts';
import { openShares } from '../share-record.ts';
import type { ActingOwner } from './acting-owner.ts';
import { rebuilt, type Delay } from './rebuilt.ts';

/** (Owner) What the ledger says of an own file. @throws `NOT_FOUND`; `NOT_ALLOWED` where it is somebody else's. */
export async function readFileState(
  { ledger, ownerId }: ActingOwner,
  fileId: string,
): Promise<FileState> {
  const state = await ledger.read('files:get', { fileId }, ({ file }) => file.fileId === fileId);
  if (state.file.ownerId !== hex(ownerId)) {
    throw new HoldfastError('NOT_ALLOWED', `file ${fileId.slice(0, 12)} has another owner`);
  }
  return state;
}

/**
 * (Owner) {@link readFileState} of a file that the ledger has acknowledged: the peers that are asked now may lag behind the
 * one that did, and know no such file for a moment.
 */
export const readAcknowledged = (
  owner: ActingOwner,
  fileId: string,
  delay: Delay,
): Promise<FileState> => rebuilt(() => readFileState(owner, fileId), delay, ['NOT_FOUND']);

/** (Owner) Whether the ledger knows the file. */
export async function isRegistered(owner: ActingOwner, fileId: string): Promise<boolean> {
  try {
    await readFileState(owner, fileId);
    return true;
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

export interface OpenedShares {
  readonly keys: FileKeys;
  readonly record: ShareRecord;
  /** Indices of shares that do not match the ledger, from 1. */
  readonly bad: readonly number[];
}

/** (Owner) Opens the newest generation of a file's shares. @throws `SHARES_TOO_FEW` naming the damaged ones. */
export async function openFileKeys(owner: ActingOwner, fileId: string): Promise<OpenedShares> {
  const { ledger, ownerId, secrets } = owner;
  const record = await ledger.read(
    'shares:ofFile',
    { fileId },
    (shares) => shares.fileId === fileId,
  );
  const opener = { recipientId: ownerId, privateKey: secrets.hpke.privateKey };
  const { keys, bad } = await openShares(record, ownerId, opener);
  return { keys, record, bad };
}

/** K_F || S_f: what a card is sealed under. */
export const secretOf = ({ fileKey, fileSecret }: FileKeys): Uint8Array =>
  concat(fileKey, fileSecret);
