/**
 * Objects of the one who asks, and nobody else's.
 *
 * @module
 */
import type { Response } from 'express';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { digest, name } from '@holdfast/protocol/schema.js';
import type { LedgerSession } from '../ledger/ledger.ts';
import { callerOf, signalOf } from './requests.ts';
import type { Provider, UploadState } from '../roles.ts';

/** What stands in the address of a file's parts. */
export const fileAddress = z.strictObject({ fileId: digest });
/** In the file's own address, which it shares with the names of those that are to be stored. */
export const ownAddress = z.strictObject({ file: digest });
export const uploadAddress = z.strictObject({ uploadId: name });

/** The file in the address. @throws `NOT_FOUND`; `NOT_ALLOWED` where it is another owner's. */
export async function callersFile(
  agent: LedgerSession,
  fileId: string,
  response: Response,
): Promise<FileState> {
  const state = await agent.evaluate('files:get', { fileId }, signalOf(response));
  if (state.file.ownerId !== callerOf(response).ownerId) {
    throw new HoldfastError('NOT_ALLOWED', `file ${fileId} is another owner's`);
  }
  return state;
}

/** The upload in the address, likewise. */
export async function callersUpload(
  provider: Provider,
  uploadId: string,
  response: Response,
): Promise<UploadState> {
  const upload = await provider.upload(uploadId);
  if (upload.ownerId !== callerOf(response).ownerId) {
    throw new HoldfastError('NOT_ALLOWED', `upload ${uploadId} is another owner's`);
  }
  return upload;
}
