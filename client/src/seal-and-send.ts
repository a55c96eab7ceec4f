/**
 * One pass over a file: read, keyed, encrypted, summed for its tags, sent.
 *
 * @module
 */
import type { Parties } from '@holdfast/protocol/owner/parties.js';
import { sealUpload } from '@holdfast/protocol/owner/store-file.js';
import type { SealedFile } from '@holdfast/protocol/pipeline.js';
import { oprfThrough } from './oprf-through.ts';
import type { Report } from './progress.ts';
import type { PutRequest } from './put-request.ts';
import type { Session } from './session.ts';
import type { Source } from './source.ts';
import type { UploadState } from './upload-state.ts';
import { newUploader } from './upload.ts';

/**
 * (Owner) Seals the whole file and sends what the provider does not have yet.
 *
 * @param from - bytes that are there.
 */
export async function sealAndSend(
  session: Session,
  parties: Parties,
  { source, report }: PutRequest,
  upload: UploadState,
  from: number,
): Promise<SealedFile> {
  const { api } = session;
  const { uploadId, request } = upload;
  const total = request.paddedSize + request.manifestSize;
  const uploader = newUploader(api, uploadId, from, (done) =>
    report({ stage: 'send', done, total }),
  );
  const file = { size: source.size, source: counted(source, report) };
  const sealing = sealUpload(session, parties, upload, file, oprfThrough(api));
  try {
    let step = await sealing.next();
    for (; step.done !== true; step = await sealing.next())
      await uploader.write(step.value.ciphertext);
    await uploader.finish();
    const { keyServers } = parties;
    const names = keyServers.map(({ mspId }) => mspId).join(' ');
    report({ stage: 'key', done: keyServers.length, total: keyServers.length, note: names });
    return step.value;
  } finally {
    await sealing.return(undefined as never);
  }
}

async function* counted(source: Source, report: Report): AsyncGenerator<Uint8Array, void> {
  let done = 0;
  for await (const bytes of source.open()) {
    done += bytes.length;
    report({ stage: 'read', done, total: source.size });
    yield bytes;
  }
}
