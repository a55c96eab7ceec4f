/**
 * Where a file's upload begins: anew under a fresh file id, or where an earlier try of this device stopped.
 *
 * @module
 */
import { base64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { readEpoch, type Parties } from '@holdfast/protocol/owner/parties.js';
import { newUpload } from '@holdfast/protocol/owner/store-file.js';
import type { PutRequest } from './put-request.ts';
import type { Session } from './session.ts';
import { readUploadState, writeUploadState, type UploadState } from './upload-state.ts';
import { openUpload, uploadedBytes } from './upload.ts';

/** What an earlier try of this device began. */
export interface EarlierUpload {
  readonly state: UploadState;
  /** Bytes that the provider has; undefined where it has the upload no longer. */
  readonly from: number | undefined;
}

export async function findUpload(
  session: Session,
  path: string,
): Promise<EarlierUpload | undefined> {
  const state = await readUploadState(path);
  return state && { state, from: await foundBytes(session, state) };
}

/** A new upload under a new file id, written down before a byte is sent. */
export async function newUploadState(
  session: Session,
  { provider }: Parties,
  request: PutRequest,
  path: string,
): Promise<UploadState> {
  const { size } = request.source;
  const startedAt = session.nowMs();
  const upload = newUpload(session, { size, blockSize: request.blockSize }, provider, startedAt);
  const { uploadId, terms } = await openUpload(session.api, upload.request);
  const state: UploadState = {
    version: 1,
    ...upload,
    secretNonce: base64url(session.random(32)),
    uploadId,
    terms,
    startedAt,
  };
  await writeUploadState(path, state);
  return state;
}

/** @returns undefined where the upload is gone or its terms have expired: bytes that nobody registers are dropped. */
async function foundBytes({ api, ledger }: Session, { uploadId, terms }: UploadState) {
  if ((await readEpoch(ledger)) > terms.expiryEpoch) return undefined;
  try {
    return await uploadedBytes(api, uploadId);
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
