/** A gateway with a file, an unfinished upload, two owners, and a good request for every route: what bad input starts from. */
import { newGatewayStage, type GatewayStage } from './gateway-stage.ts';
import { deepStrictEqual } from 'node:assert';
import { base64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { fileId as fileIdOf } from '@holdfast/protocol/ids.js';
import { uploadAnswer } from '@holdfast/protocol/upload-messages.js';
import { signRequest } from '../../client/src/request-signature.ts';
import { newBareOwner, newFullOwner, type BareOwner, type FullOwner } from './gateway-owner.ts';
import { ownersView, type OwnersView } from './owners-view.ts';
import { seededRandom } from './property.ts';

export const BLOCK = 65_536;
export const TUS = { 'tus-resumable': '1.0.0' };
export const PART = { ...TUS, 'content-type': 'application/offset+octet-stream' };
export const JSON_TYPE = { 'content-type': 'application/json' };
export const random = seededRandom(11);
export const id = 'ab'.repeat(32);

/** Bytes of the content of the file: one padded size. */
export const PADDED = 1024;

/** Every route that takes JSON; FILE and UPLOAD stand for ids. */
export const JSON_ROUTES = [
  '/v1/accounts',
  '/v1/oprf',
  '/v1/uploads',
  '/v1/uploads/UPLOAD/acceptance',
  '/v1/ledger/proposals',
  '/v1/ledger/envelopes',
  '/v1/files/FILE/challenges',
  '/v1/files/FILE/repair',
];

/** Every other route of an owner, each with the methods it has. */
export const OWNERS_ROUTES: readonly (readonly [path: string, methods: readonly string[]])[] = [
  ['/v1/files', ['GET']],
  ['/v1/files/FILE', ['GET']],
  ['/v1/files/FILE/manifest', ['GET']],
  ['/v1/files/FILE/tags', ['GET']],
  ['/v1/files/FILE/leaves', ['GET']],
  ['/v1/files/FILE/card', ['GET']],
  ['/v1/files/FILE/car', ['GET']],
  ['/v1/files/FILE/status', ['GET']],
  ['/v1/files/FILE/audits', ['GET']],
  ['/v1/files/FILE/blocks', ['GET']],
  ['/v1/files/FILE/shares', ['GET']],
  ['/v1/uploads/UPLOAD', ['PATCH', 'DELETE']],
  ['/v1/uploads/UPLOAD/tags', ['PUT']],
  ['/v1/uploads/UPLOAD/card', ['PUT']],
  [`/v1/tag-keys/${id}`, ['PUT']],
  ['/v1/alerts', ['GET']],
];

export interface BadInputStage {
  readonly url: string;
  readonly stage: GatewayStage;
  readonly anna: FullOwner;
  readonly ben: BareOwner;
  /** The address of a route for the file and the upload. */
  at(route: string): string;
  /** A good body of a route that takes JSON, but for what signatures and roots would have to be. */
  sample(route: string): Record<string, unknown>;
  /** A signed POST of Anna's. */
  post(path: string, body: string, headers?: Record<string, string>): Promise<Response>;
  /** The head of a signed request of Anna's, to be sent by hand. */
  head(request: HeadRequest): Promise<string>;
  /** Takes note of everything of Anna's. */
  remember(): Promise<void>;
  /** @throws where anything of hers is not as it was remembered. */
  expectUnchanged(): Promise<void>;
  close(): Promise<void>;
}

export interface HeadRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Sent besides, not signed. */
  readonly more?: Readonly<Record<string, string>>;
}

export async function newBadInputStage(): Promise<BadInputStage> {
  const stage = await newGatewayStage();
  const url = stage.url();
  const anna = await newFullOwner(url);
  const ben = await newBareOwner(url, 2);
  const { ownerId } = anna.owner;
  const file = await anna.owner.put('letter', sourceOf(random(1000)), { blockSize: BLOCK });
  const { tagKeyId } = await ownersView(stage, ownerId);
  const nonce = random(32);
  const upload = {
    fileId: hex(fileIdOf(fromHex(ownerId), nonce)),
    tagKeyId,
    blockSize: BLOCK,
    paddedSize: BLOCK,
    manifestSize: 100,
    firstUid: 0,
    taggedAt: 1,
    padding: true,
  };
  const { uploadId } = uploadAnswer.parse((await anna.json('POST', '/v1/uploads', upload)).body);
  const element = base64url(new Uint8Array(384).fill(1, 300));
  const accepted = { nonce: base64url(random(16)), salt: base64url(random(32)), root: id };
  const samples: Readonly<Record<string, Record<string, unknown>>> = {
    '/v1/accounts': { custody: 'owner', csr: 'x' },
    '/v1/oprf': { keyServer: 'Cedar', blinded: [element] },
    '/v1/uploads': upload,
    '/v1/uploads/UPLOAD/acceptance': { ...accepted, fileNonce: base64url(nonce) },
    '/v1/ledger/proposals': { proposal: 'AAAA', signature: 'AAAA' },
    '/v1/ledger/envelopes': { envelope: 'AAAA', signature: 'AAAA' },
    '/v1/files/FILE/challenges': { node: 'birch-1', blocks: 1 },
    '/v1/files/FILE/repair': { node: file.nodes[0], uids: [0] },
  };
  let remembered: OwnersView | undefined;
  return {
    url,
    stage,
    anna,
    ben,
    at: (route) => route.replace('UPLOAD', uploadId).replace('FILE', file.fileId),
    sample: (route) => samples[route] ?? {},
    post: (path, body, headers = JSON_TYPE) => anna.send('POST', path, { body, headers }),
    async head({ method, path, headers, body, more = {} }) {
      const target = { method, url: new URL(path, url), headers };
      const unsigned = body === undefined ? target : { ...target, body };
      const signed = await signRequest(unsigned, anna.key, Date.now(), random);
      return headOf(url, method, path, { ...signed, ...more });
    },
    async remember() {
      remembered = await ownersView(stage, ownerId);
    },
    async expectUnchanged() {
      deepStrictEqual(await ownersView(stage, ownerId), remembered);
    },
    close: () => stage.close(),
  };
}

export const headOf = (
  url: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): string =>
  [
    `${method} ${path} HTTP/1.1`,
    `Host: ${new URL(url).host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n');

/** Some bytes as a file. */
export const sourceOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  modifiedAt: 0,
  key: `${bytes.length} bytes`,
  open: () => whole(bytes),
});

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
