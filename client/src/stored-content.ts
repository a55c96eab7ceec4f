/**
 * What a gateway gives of a stored file, believed as far as the ledger's root binds it.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { StoredBlock } from '@holdfast/protocol/file-cid.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import { blocksOf, mostBytesOf, type ReadPart } from '@holdfast/protocol/owner/stored-file.js';
import { boundedBytes } from './bounded-answer.ts';
import type { GatewayApi } from './gateway-api.ts';
import type { Session } from './session.ts';

const STREAM = { accept: 'application/octet-stream, application/problem+json' };

/** (Owner) The file's blocks in order. @throws `ANSWER_FALSE` where they do not give the root on the ledger. */
export const readBlocks = async (
  session: Session,
  file: FileRecord,
): Promise<readonly StoredBlock[]> =>
  blocksOf(session, file, await partsThrough(session.api)(file, 'leaves'));

/** (Owner) Parts that fit in memory. */
export const partsThrough =
  (api: GatewayApi): ReadPart =>
  async (file, part) => {
    const path = `/v1/files/${file.fileId}/${part}`;
    const response = await api.request('GET', path, { headers: STREAM });
    return boundedBytes(response, mostBytesOf(file));
  };

/** Times that a download is taken up again without a byte in between. */
const TRIES = 3;

/**
 * (Owner) The ciphertext from `start` to before `end`, as it comes. A download that breaks off is taken up again where it
 * stood.
 *
 * @throws the gateway's refusal; `GATEWAY_UNREACHABLE` where it breaks off again and again.
 */
export async function* readContent(
  api: GatewayApi,
  fileId: string,
  { start, end }: { readonly start: number; readonly end: number },
): AsyncGenerator<Uint8Array, void> {
  let position = start;
  for (let tries = 0; position < end && tries < TRIES; tries++) {
    const headers = { ...STREAM, range: `bytes=${position}-${end - 1}` };
    const response = await api.request('GET', `/v1/files/${fileId}`, { headers });
    for await (const bytes of untilItBreaks(response)) {
      position += bytes.length;
      tries = 0;
      yield bytes;
    }
  }
  if (position < end) {
    throw new HoldfastError('GATEWAY_UNREACHABLE', `the download broke off at byte ${position}`);
  }
}

async function* untilItBreaks(response: Response): AsyncGenerator<Uint8Array, void> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const step = await reader.read().catch(() => ({ done: true, value: undefined }));
      if (step.done || step.value === undefined) return;
      yield step.value as Uint8Array;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
