/**
 * The provider's side of an upload and of every later question about a file: the CSP of papers 000 and 003, the keeper
 * of the storage nodes of paper 004.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import type { AcceptanceAnswer, AcceptanceRequest } from '@holdfast/protocol/upload-messages.js';
import { combine } from '@holdfast/protocol/prover.js';
import { sectorsOf } from '@holdfast/protocol/tag.js';
import type { NodeState, Provider } from '../roles.ts';
import { acceptFile } from './accept.ts';
import type { ProviderContext } from './context.ts';
import { dropFile } from './drop.ts';
import { repairBlocks } from './copies.ts';
import { kept, leafOf, stored, tagOf } from './file-rows.ts';
import { nodeNamed } from './block-store.ts';
import { readPart } from './stored-parts.ts';
import type { TaggedFile } from './tagged-file.ts';
import { openUpload, uploadState, writePart } from './uploads.ts';

/** The provider of this process, for whoever reaches it through {@link Provider}. */
export function newProvider(context: ProviderContext): Provider {
  const { catalogue, exclusive, session, signal, tables } = context;

  return {
    providerId: context.providerId,

    async tagKey(tagKeyId, source) {
      const key = await session.evaluate('accounts:tagKey', { tagKeyId }, signal);
      await exclusive(tagKeyId, () => tables.add(key, source));
    },

    open: (ownerId, request) =>
      exclusive(request.fileId, async () =>
        uploadState(await openUpload(context, ownerId, request)),
      ),

    async upload(uploadId) {
      return uploadState(await kept(context, uploadId));
    },

    write: (uploadId, part, offset, bytes) =>
      exclusive(uploadId, async () => {
        const file = await kept(context, uploadId);
        const after = await writePart(context, file, { part, offset }, bytes);
        return part === 'content' ? after.contentBytes : after.tagBytes;
      }),

    drop: (uploadId) =>
      exclusive(uploadId, async () => {
        const file = await kept(context, uploadId);
        if (file.accepted !== null) {
          throw new HoldfastError('ALREADY_EXISTS', 'this upload has been accepted');
        }
        context.abandoned.add(uploadId);
        await dropFile(context, file);
        context.abandoned.delete(uploadId);
      }),

    accept: (uploadId, request) =>
      exclusive(uploadId, async () => accept(context, await kept(context, uploadId), request)),

    async read(file, part, range) {
      return readPart(context, await stored(context, file.fileId), part, range);
    },

    async block(fileId, uid, node) {
      const { digest } = await leafOf(catalogue, await stored(context, fileId), uid);
      return nodeNamed(context, node).get(blockCid(digest), signal);
    },

    async combine(fileId, node, challenge) {
      const file = await stored(context, fileId);
      const block = async (uid: number) => {
        const { digest } = await leafOf(catalogue, file, uid);
        return nodeNamed(context, node).get(blockCid(digest), signal);
      };
      for (const uid of challenge.uids) if ((await block(uid)) === undefined) return undefined;
      const source = {
        challenge,
        block: async (uid: number) => (await block(uid)) ?? new Uint8Array(),
        tag: (uid: number) => tagOf(context, file, uid),
      };
      return combine([source], sectorsOf(file.request.blockSize), context.pool);
    },

    nodes: () => nodeStates(context),

    async repair(fileId, node, uids) {
      const file = await stored(context, fileId);
      const leaves = await Promise.all(uids.map((uid) => leafOf(catalogue, file, uid)));
      return repairBlocks(context, file, node, leaves);
    },
  };
}

/** Signs once: a second call with the same request has the same answer. */
async function accept(
  context: ProviderContext,
  file: TaggedFile,
  request: AcceptanceRequest,
): Promise<AcceptanceAnswer> {
  if (file.accepted !== null) {
    const { request: before, answer } = file.accepted;
    const fields = Object.keys(before) as (keyof AcceptanceRequest)[];
    if (fields.every((field) => before[field] === request[field])) return answer;
    throw new HoldfastError('ALREADY_EXISTS', 'this upload has been accepted otherwise');
  }
  const { session, signal } = context;
  const { tagKeyId } = file.request;
  const { epoch } = await session.evaluate('beacons:current', {}, signal);
  if (epoch > file.terms.expiryEpoch) {
    throw new HoldfastError('EPOCH_PASSED', `the terms held until ${file.terms.expiryEpoch}`);
  }
  const tagKey = await session.evaluate('accounts:tagKey', { tagKeyId }, signal);
  const config = await session.evaluate('accounts:config', {}, signal);
  const least = { tagKey, leastReplicas: config.minimumReplicas };
  const { accepted } = await acceptFile(context, file, request, least);
  if (accepted === null) throw new Error('bug: an acceptance without an answer');
  return accepted.answer;
}

async function nodeStates({ catalogue, nodes, signal }: ProviderContext): Promise<NodeState[]> {
  const files = new Map([...nodes.keys()].map((name) => [name, 0]));
  for await (const file of catalogue.files()) {
    if (file.accepted === null || file.state === 'dropping') continue;
    for (const name of file.nodes) files.set(name, (files.get(name) ?? 0) + 1);
  }
  return Promise.all(
    [...nodes.values()].map(async (node) => ({
      node: node.name,
      ...(await node.status(signal)),
      files: files.get(node.name) ?? 0,
    })),
  );
}
