/**
 * Parts of a stored file that fit in memory, from providers of other organisations too, which may say more than there is.
 *
 * @module
 */
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import { mostBytesOf, type ReadPart } from '@holdfast/protocol/owner/stored-file.js';
import { wholeOf } from './between/answers.ts';
import type { Provider } from './roles.ts';

/** @throws `ANSWER_FALSE` where there are more bytes than such a file has; the provider's refusal. */
export async function wholePart(
  provider: Provider,
  file: Pick<FileRecord, 'fileId' | 'blockCount'>,
  part: Parameters<ReadPart>[1],
): Promise<Uint8Array> {
  const { bytes } = await provider.read(file, part);
  return wholeOf(`provider ${provider.providerId}`, bytes, mostBytesOf(file));
}
