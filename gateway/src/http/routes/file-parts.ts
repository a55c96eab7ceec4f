/**
 * The bytes of a file: ciphertext, manifest, tags, leaves, card, and all of it as a CAR.
 *
 * @module
 */
import type { Request, Response } from 'express';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import { sendBytes, type ByteAnswer } from '../byte-answer.ts';
import { sends } from '../byte-route.ts';
import { callersFile, fileAddress, ownAddress } from '../caller-files.ts';
import { exportCar } from '../../file-car.ts';
import type { LedgerSession } from '../../ledger/ledger.ts';
import type { ByteRange, Provider, StoredPart } from '../../roles.ts';
import type { Refused, Route } from '../route.ts';

export interface FilePartsParts {
  readonly agent: LedgerSession;
  readonly provider: Provider;
}

const PARTS: Readonly<Record<Exclude<StoredPart, 'content'>, string>> = {
  manifest: 'The encrypted manifest: the last blocks',
  tags: 'The tags, 48 bytes each',
  leaves: 'The leaves of the tree: uid, length and digest of each block',
  card: 'The sealed card: name, type and date under the owner’s key',
};
const OCTETS = 'application/octet-stream';
const CAR = 'application/vnd.ipld.car';
const PROBLEMS: readonly Refused[] = ['NOT_FOUND', 'FILE_LOST', 'STORAGE_UNREACHABLE'];
const spec = { who: 'owner', problems: PROBLEMS } as const;

/** GET with HEAD, Range, If-Range and ETag, as any HTTP client knows them. */
export function filePartsRoutes({ agent, provider }: FilePartsParts): Route[] {
  async function sendPart(
    fileId: string,
    part: StoredPart,
    request: Request,
    response: Response,
  ): Promise<void> {
    const { file } = await callersFile(agent, fileId, response);
    await sendBytes(request, response, partOf(provider, file, part));
  }

  const content = sends(
    {
      ...spec,
      path: '/v1/files/:file',
      summary: 'The ciphertext of a file',
      params: ownAddress,
      type: OCTETS,
      hasRanges: true,
    },
    ({ params, request, response }) => sendPart(params.file, 'content', request, response),
  );
  const others = (['manifest', 'tags', 'leaves', 'card'] as const).map((part) =>
    sends(
      {
        ...spec,
        path: `/v1/files/:fileId/${part}`,
        summary: PARTS[part],
        params: fileAddress,
        type: OCTETS,
        hasRanges: true,
      },
      ({ params, request, response }) => sendPart(params.fileId, part, request, response),
    ),
  );
  const car = sends(
    {
      ...spec,
      path: '/v1/files/:fileId/car',
      summary: 'Ciphertext and manifest as a CAR archive, root first',
      params: fileAddress,
      type: CAR,
      hasRanges: false,
    },
    async ({ params, request, response }) => {
      const { file } = await callersFile(agent, params.fileId, response);
      const open = () => Promise.resolve({ read: () => exportCar(provider, file) });
      await sendBytes(request, response, { etag: etagOf(file), type: CAR, open });
    },
  );
  return [content, ...others, car];
}

// Deviation: not the CID, which names content to whoever sees it; the root names the same version
const etagOf = ({ root, version }: FileRecord): string => `"${root}.${version}"`;

const partOf = (provider: Provider, file: FileRecord, part: StoredPart): ByteAnswer => ({
  etag: etagOf(file),
  type: OCTETS,
  async open() {
    const { size, bytes } = await provider.read(file, part);
    const read = async (range: ByteRange) => (await provider.read(file, part, range)).bytes;
    return { size, read: (range) => (range === undefined ? bytes : from(read(range))) };
  },
});

async function* from(bytes: Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array, void> {
  yield* await bytes;
}
