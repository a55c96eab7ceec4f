/**
 * Secrets of the roles that we play: made once, a private file each, under `DATA_DIR/<role>/<organisation>`.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { integer, toInteger } from '@holdfast/protocol/bytes.js';
import { newSecret } from '@holdfast/protocol/signature.js';
import { privateFile } from './private-files.ts';

/** Folder of a role's own files. */
export const roleFolder = (dataFolder: string, role: string, mspId: string): string =>
  join(dataFolder, role, mspId);

/** (Provider, Delegate) Its BLS secret, 32 bytes big-endian in the file. */
export async function openSigningSecret(folder: string): Promise<bigint> {
  const path = join(folder, 'signing-key');
  return toInteger(await privateFile(path, () => integer(newSecret(randomBytes), 32)));
}

/** (Agent) What the names' secrets at the authority are derived from. */
export const openEnrolmentKey = (folder: string): Promise<Uint8Array> =>
  privateFile(join(folder, 'enrolment-key'), () => randomBytes(32));
