/**
 * The bytes of a file: ciphertext, manifest, tags, leaves, card, and all of it as a CAR.
 *
 * @module
 */
import { Router, type Request, type Response } from 'express';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import { sendBytes, stream } from '../byte-answer.ts';
import { callersFile } from '../caller-files.ts';
import { exportCar } from '../../file-car.ts';
import type { LedgerSession } from '../../ledger/ledger.ts';
import type { ByteRange, Provider, StoredPart } from '../../roles.ts';

export interface FilePartsParts {
  readonly agent: LedgerSession;
  readonly provider: Provider;
}

const PATHS: readonly (readonly [path: string, part: StoredPart])[] = [
  ['/files/:fileId', 'content'],
  ['/files/:fileId/manifest', 'manifest'],
  ['/files/:fileId/tags', 'tags'],
  ['/files/:fileId/leaves', 'leaves'],
  ['/files/:fileId/card', 'card'],
];

/** GET with HEAD, Range, If-Range and ETag, as any HTTP client knows them. */
export function filePartsRoutes({ agent, provider }: FilePartsParts): Router {
  const router = Router();
  for (const [path, part] of PATHS) {
    router.get(path, async (request, response) => {
      const { file } = await callersFile(agent, request.params, response);
      await sendPart(provider, file, part, request, response);
    });
  }
  router.get('/files/:fileId/car', async (request, response) => {
    const { file } = await callersFile(agent, request.params, response);
    response.status(200).type('application/vnd.ipld.car');
    if (request.method === 'HEAD') response.end();
    else await stream(exportCar(provider, file), response);
  });
  return router;
}

async function sendPart(
  provider: Provider,
  file: FileRecord,
  part: StoredPart,
  request: Request,
  response: Response,
): Promise<void> {
  await sendBytes(request, response, {
    // Deviation: not the CID, which names content to whoever sees it; the root names the same version
    etag: `"${file.root}.${file.version}"`,
    type: 'application/octet-stream',
    async open() {
      const { size, bytes } = await provider.read(file, part);
      const read = async (range: ByteRange) => (await provider.read(file, part, range)).bytes;
      return { size, read: (range) => (range === undefined ? bytes : from(read(range))) };
    },
  });
}

async function* from(bytes: Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array, void> {
  yield* await bytes;
}
