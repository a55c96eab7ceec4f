/**
 * An upload from its terms to its last byte: resumable, nothing acknowledged that is not durable.
 *
 * @module
 */
import { concat, concatAll } from '@holdfast/protocol/bytes.js';
import { CARD_BYTES } from '@holdfast/protocol/card.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { TagKeyRecord } from '@holdfast/protocol/account-records.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Terms } from '@holdfast/protocol/file-records.js';
import type { UploadRequest } from '@holdfast/protocol/upload-messages.js';
import { contentLayout, paddedSize } from '@holdfast/protocol/padding.js';
import { sectorsOf, TAG } from '@holdfast/protocol/tag.js';
import type { Part, UploadState } from '../roles.ts';
import { putFile } from './catalogue.ts';
import { contentSize, receiveContent } from './content.ts';
import type { ProviderContext } from './context.ts';
import { MOST_REPLICAS, ranked } from './placement.ts';
import type { TaggedFile } from './tagged-file.ts';

/** How long an owner has from terms to registration, in seconds of the ledger's slots. */
const VALID_SECONDS = 86_400;
/** Left free on every node: room for tags, leaves and inner nodes, and for the system. */
const RESERVE_BYTES = 67_108_864n;
/** Tag bytes made durable together: whole pages of the catalogue. */
const TAG_WINDOW = 480_000;

export const uploadState = (file: TaggedFile): UploadState => ({
  uploadId: file.fileId,
  ownerId: file.ownerId,
  request: file.request,
  terms: file.terms,
  offset: file.contentBytes,
  expiresAt: file.expiresAt,
});

/**
 * (Provider) Opens an upload under the id of its file.
 *
 * @throws `NOT_FOUND` where the tag key has brought no table, `NOT_ALLOWED`, `INPUT_INVALID`, `ALREADY_EXISTS` where the
 *   id is taken by another upload, `STORAGE_UNREACHABLE`, `STORE_FULL`.
 */
export async function openUpload(
  context: ProviderContext,
  ownerId: string,
  request: UploadRequest,
): Promise<TaggedFile> {
  const { fileId } = request;
  const known = await context.catalogue.file(fileId);
  if (known !== undefined) return sameUpload(known, ownerId, request);
  const { session, signal } = context;
  const { tagKeyId } = request;
  const tagKey = await session.evaluate('accounts:tagKey', { tagKeyId }, signal);
  await checkRequest(context, ownerId, request, tagKey);
  const config = await session.evaluate('accounts:config', {}, signal);
  const { epoch } = await session.evaluate('beacons:current', {}, signal);
  const expiryEpoch = epoch + Math.ceil(VALID_SECONDS / config.slotSeconds);
  const validMs = (expiryEpoch - epoch) * config.slotSeconds * 1000;
  const nodes = await place(context, request, config);
  const terms: Terms = {
    providerId: context.providerId,
    nodes,
    pricePerEpoch: '0',
    bond: '0',
    couponId: '0'.repeat(64),
    expiryEpoch,
  };
  const file: TaggedFile = {
    fileId,
    ownerId,
    request,
    terms,
    expiresAt: new Date(context.nowMs() + validMs).toISOString(),
    contentBytes: 0,
    tagBytes: 0,
    nodes,
    incomplete: [],
    roots: [],
    state: 'uploading',
    accepted: null,
  };
  await context.catalogue.write([putFile(file)]);
  return file;
}

function sameUpload(known: TaggedFile, ownerId: string, request: UploadRequest): TaggedFile {
  const fields = Object.keys(request) as (keyof UploadRequest)[];
  const isSame =
    known.ownerId === ownerId && fields.every((field) => known.request[field] === request[field]);
  if (isSame && known.state !== 'dropping') return known;
  throw new HoldfastError('ALREADY_EXISTS', `file id ${known.fileId} is taken by another upload`);
}

async function checkRequest(
  { tables, padding }: ProviderContext,
  ownerId: string,
  request: UploadRequest,
  tagKey: TagKeyRecord,
): Promise<void> {
  const { tagKeyId, blockSize } = request;
  if (tagKey.ownerId !== ownerId) {
    throw new HoldfastError('NOT_ALLOWED', `tag key ${tagKeyId} belongs to another owner`);
  }
  if (!(await tables.has(tagKeyId))) {
    throw new HoldfastError('NOT_FOUND', `the table of tag key ${tagKeyId} has not come yet`);
  }
  const sectors = sectorsOf(blockSize);
  if (sectors > tagKey.sectorsMax) {
    throw invalid('/blockSize', `${sectors} sectors, the tag key has ${tagKey.sectorsMax}`);
  }
  if (request.padding !== padding) throw invalid('/padding', `this provider wants ${padding}`);
  if (paddedSize(request.paddedSize, padding) !== request.paddedSize) {
    throw invalid('/paddedSize', `${request.paddedSize} is no padded size`);
  }
}

const invalid = (pointer: string, reason: string): HoldfastError =>
  new HoldfastError('INPUT_INVALID', `${pointer}: ${reason}`, { pointer });

/** The best of the nodes that are up and have room. */
async function place(
  { nodes, signal }: ProviderContext,
  request: UploadRequest,
  { minimumReplicas }: Config,
): Promise<string[]> {
  const states = await Promise.all(
    [...nodes.values()].map(async (node) => ({ node, status: await node.status(signal) })),
  );
  const up = states.filter(({ status }) => status.up);
  if (up.length < minimumReplicas) {
    const detail = `${up.length} storage nodes are up, a file needs ${minimumReplicas}`;
    throw new HoldfastError('STORAGE_UNREACHABLE', detail);
  }
  const needed = BigInt(contentSize({ request })) + RESERVE_BYTES;
  const roomy = up.filter(({ status }) => status.freeBytes >= needed);
  if (roomy.length < minimumReplicas) {
    throw new HoldfastError('STORE_FULL', `no ${minimumReplicas} nodes have ${needed} bytes free`);
  }
  const names = roomy.map(({ node }) => node.name);
  return ranked(request.fileId, names).slice(0, MOST_REPLICAS);
}

/**
 * (Provider) Takes bytes of a part.
 *
 * @param offset - where what has come ends; tags may also begin anew.
 * @returns the file as it stands. A source that fails leaves it as it was, but for tags that began anew.
 * @throws `CONFLICT` where the offset is another, `TOO_LARGE`, `ALREADY_EXISTS` once it is accepted.
 */
export async function writePart(
  context: ProviderContext,
  file: TaggedFile,
  { part, offset }: { readonly part: Part; readonly offset: number },
  source: AsyncIterable<Uint8Array>,
): Promise<TaggedFile> {
  if (file.state !== 'uploading') {
    throw new HoldfastError('ALREADY_EXISTS', 'this upload has been accepted');
  }
  switch (part) {
    case 'content': {
      checkOffset(offset, file.contentBytes);
      const config = await context.session.evaluate('accounts:config', {}, context.signal);
      return receiveContent(context, file, source, config.minimumReplicas);
    }
    case 'tags':
      if (offset !== 0) checkOffset(offset, file.tagBytes);
      return receiveTags(context, { ...file, tagBytes: offset }, source);
    case 'card':
      checkOffset(offset, 0);
      return receiveCard(context, file, source);
  }
}

function checkOffset(offset: number, expected: number): void {
  if (offset === expected) return;
  throw new HoldfastError('CONFLICT', `offset ${offset}, but ${expected} bytes have come`);
}

async function receiveTags(
  { catalogue }: ProviderContext,
  file: TaggedFile,
  source: AsyncIterable<Uint8Array>,
): Promise<TaggedFile> {
  const { fileId } = file;
  const size = TAG * contentLayout(file.request).blockCount;
  let tagBytes = file.tagBytes;
  let held: Uint8Array[] = [];
  const store = async () => {
    const bytes = concatAll(held);
    held = [];
    const pages = await catalogue.pages('tags', fileId, tagBytes, bytes);
    tagBytes += bytes.length;
    await catalogue.write([...pages, putFile({ ...file, tagBytes: file.tagBytes })]);
  };
  let heldBytes = 0;
  for await (const chunk of source) {
    heldBytes += chunk.length;
    if (tagBytes + heldBytes > size) {
      throw new HoldfastError('TOO_LARGE', `more than the ${size} bytes of tags of this upload`);
    }
    held.push(chunk.slice());
    if (heldBytes < TAG_WINDOW) continue;
    await store();
    heldBytes = 0;
  }
  await store();
  const now = { ...file, tagBytes };
  await catalogue.write([putFile(now)]);
  return now;
}

async function receiveCard(
  { catalogue }: ProviderContext,
  file: TaggedFile,
  source: AsyncIterable<Uint8Array>,
): Promise<TaggedFile> {
  let card: Uint8Array = new Uint8Array();
  for await (const chunk of source) {
    card = concat(card, chunk);
    if (card.length > CARD_BYTES) break;
  }
  if (card.length !== CARD_BYTES) {
    throw new HoldfastError('INPUT_INVALID', `a card has ${CARD_BYTES} bytes`);
  }
  await catalogue.write(await catalogue.pages('card', file.fileId, 0, card));
  return file;
}
