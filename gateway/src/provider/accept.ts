/**
 * Intake: what a provider checks before it signs for a file, and its signature (constructions, sections 1.3 and 3.6).
 *
 * @module
 */
import { acceptanceMessage, versionDigest } from '@holdfast/protocol/acceptance.js';
import { base64url, fromBase64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { CARD_BYTES } from '@holdfast/protocol/card.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { fileRoot, leafHash, treeHash } from '@holdfast/protocol/file-root.js';
import { anchor, fileId as newFileId } from '@holdfast/protocol/ids.js';
import { newIntake } from '@holdfast/protocol/intake.js';
import { DST } from '@holdfast/protocol/labels.js';
import type { Leaf } from '@holdfast/protocol/leaf-list.js';
import type { TagKeyRecord } from '@holdfast/protocol/account-records.js';
import type { FileVersion } from '@holdfast/protocol/file-records.js';
import type { AcceptanceRequest } from '@holdfast/protocol/upload-messages.js';
import { contentLayout } from '@holdfast/protocol/padding.js';
import { sign } from '@holdfast/protocol/signature.js';
import { sectorsOf, TAG, tagSession } from '@holdfast/protocol/tag.js';
import type { CID } from 'multiformats/cid';
import type { DagBlock } from '../storage/dag.ts';
import { putFile, putJob } from './catalogue.ts';
import { completeNodes, contentSize, expectReplicas } from './content.ts';
import type { ProviderContext } from './context.ts';
import { fillNode, innerBlocks } from './copies.ts';
import { leavesOf } from './file-rows.ts';
import { answers, nodeNamed, storeBlocks, wholeBlock } from './block-store.ts';
import type { TaggedFile } from './tagged-file.ts';

/** Tags read and checked together. */
const TAG_WINDOW = 4_096;

/**
 * (Provider) Recomputes all that the owner claims, checks every tag, keeps the file on its nodes, and signs.
 *
 * @param tagKey - the owner's, from the ledger.
 * @param leastReplicas - nodes that must have the file whole.
 * @returns the accepted file, durable.
 * @throws `INPUT_INVALID` naming what does not fit, `TAG_INVALID`, `STORAGE_UNREACHABLE`, `STORE_FULL`.
 */
export async function acceptFile(
  context: ProviderContext,
  file: TaggedFile,
  request: AcceptanceRequest,
  { tagKey, leastReplicas }: { readonly tagKey: TagKeyRecord; readonly leastReplicas: number },
): Promise<TaggedFile> {
  await checkParts(context, file);
  checkFileId(file, request);
  const leaves = await leavesOf(context.catalogue, file.fileId);
  const version = versionOf(file, request, leaves);
  await checkTags(context, file, { version, tagKey, leaves });
  const { roots, blocks } = await innerBlocks(context.catalogue, file.fileId, leaves);
  const [cid] = roots;
  const kept = { ...file, roots: roots.map(String) };
  await context.catalogue.write([putFile(kept)]);
  const complete = await keep(context, kept, roots, blocks);
  expectReplicas(complete.length, leastReplicas);
  const answer = {
    ...signedBy(context, file, { version, request, cid }),
    cid: cid.toString(),
    nodes: complete,
  };
  const incomplete = file.nodes.filter((node) => !complete.includes(node));
  const accepted: TaggedFile = {
    ...kept,
    incomplete,
    state: 'accepted',
    accepted: { request, answer },
  };
  const jobs = incomplete.map((node) => putJob({ kind: 'fill', fileId: file.fileId, node }));
  await context.catalogue.write([putFile(accepted), ...jobs]);
  return accepted;
}

async function checkParts({ catalogue }: ProviderContext, file: TaggedFile): Promise<void> {
  const { blockCount } = contentLayout(file.request);
  const parts = [
    ['content', file.contentBytes, contentSize(file)],
    ['tags', file.tagBytes, TAG * blockCount],
    ['card', (await catalogue.allBytes('card', file.fileId)).length, CARD_BYTES],
  ] as const;
  for (const [part, came, expected] of parts) {
    if (came === expected) continue;
    throw new HoldfastError('INPUT_INVALID', `${part}: ${came} of ${expected} bytes have come`);
  }
}

function checkFileId({ fileId, ownerId }: TaggedFile, { fileNonce }: AcceptanceRequest): void {
  if (hex(newFileId(fromHex(ownerId), fromBase64url(fileNonce, 32))) === fileId) return;
  throw invalid('/fileNonce', 'it does not give this file id for this owner');
}

const invalid = (pointer: string, reason: string): HoldfastError =>
  new HoldfastError('INPUT_INVALID', `${pointer}: ${reason}`, { pointer });

function versionOf(
  { request: upload }: TaggedFile,
  { root, salt, nonce }: AcceptanceRequest,
  leaves: readonly Leaf[],
): FileVersion {
  const hashes = leaves.map(({ uid, length, digest }) => leafHash(uid, length, digest));
  const own = hex(fileRoot(fromBase64url(salt, 32), leaves.length, treeHash(hashes)));
  if (own !== root) throw invalid('/root', `the bytes that came have root ${own}`);
  const { blockSize, firstUid, taggedAt } = upload;
  const blockCount = leaves.length;
  return {
    version: 1,
    blockCount,
    blockSize,
    root,
    nextUid: firstUid + blockCount,
    base: { version: 1, firstUid, blockCount, nonce, taggedAt },
    editHead: '0'.repeat(64),
  };
}

/** All tags in one equation, over the bytes as the nodes hold them. */
async function checkTags(
  context: ProviderContext,
  file: TaggedFile,
  {
    version,
    tagKey,
    leaves,
  }: {
    readonly version: FileVersion;
    readonly tagKey: TagKeyRecord;
    readonly leaves: readonly Leaf[];
  },
): Promise<void> {
  const longest = leaves.reduce((most, { length }) => Math.max(most, length), 0);
  const sectors = sectorsOf(longest);
  const table = await context.tables.table(tagKey.tagKeyId, sectors);
  const intake = newIntake({ sectors, random: context.random, pool: context.pool });
  const session = tagSession(file.fileId, version.base);
  const nodes = completeNodes(file);
  for (const leaf of leaves) await intake.add(await wholeBlock(context, leaf, nodes));
  for (let first = 0; first < leaves.length; first += TAG_WINDOW) {
    const [start, end] = [TAG * first, TAG * (first + TAG_WINDOW)];
    await intake.addTags(await context.catalogue.bytes('tags', file.fileId, start, end), session);
  }
  if (!(await intake.finish({ tagKey, table }))) {
    throw new HoldfastError('TAG_INVALID', 'not every tag is that of its block');
  }
}

/** @returns the nodes that have everything, pinned. */
async function keep(
  context: ProviderContext,
  file: TaggedFile,
  roots: readonly CID[],
  blocks: readonly DagBlock[],
): Promise<string[]> {
  const { fileId, nodes, incomplete } = file;
  const usable = completeNodes(file);
  const failed = await storeBlocks(context, fileId, blocks, usable);
  const complete: string[] = [];
  for (const name of nodes) {
    const isKept = await answers(async () => {
      if (incomplete.includes(name) || failed.has(name)) return fillNode(context, file, name);
      for (const root of roots) await nodeNamed(context, name).pin(root, context.signal);
    });
    if (isKept) complete.push(name);
  }
  return complete;
}

function signedBy(
  { acceptanceSecret, channel }: ProviderContext,
  { fileId, ownerId, request: upload, terms }: TaggedFile,
  {
    version,
    request,
    cid,
  }: { readonly version: FileVersion; readonly request: AcceptanceRequest; readonly cid: CID },
): { readonly acceptance: string; readonly anchor: string } {
  const address = hex(anchor(fromBase64url(request.salt, 32), cid.bytes));
  const message = acceptanceMessage({
    channel,
    versionDigest: versionDigest(fileId, version),
    ownerId,
    tagKeyId: upload.tagKeyId,
    anchor: address,
    terms,
  });
  return {
    acceptance: base64url(sign(acceptanceSecret, message, DST.acceptance)),
    anchor: address,
  };
}
