/**
 * The end of a file at its provider: unpinned, its blocks removed where no other file refers to them, its rows last.
 *
 * @module
 */
import { fromHex } from '@holdfast/protocol/bytes.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { CID } from 'multiformats/cid';
import { putFile, putTail, release, removeFile, removeJob } from './catalogue.ts';
import { digestOf, nodeNamed, onBlock, type Store } from './block-store.ts';
import type { TaggedFile } from './tagged-file.ts';

/** References ended in one write. */
const BATCH = 500;

/**
 * Removes everything of a file. Once begun it ends some time: a crash or a node that is down leaves the file `dropping`,
 * and it is called again.
 *
 * @throws `STORAGE_UNREACHABLE`.
 */
export async function dropFile(store: Store, file: TaggedFile): Promise<void> {
  const { catalogue } = store;
  const { fileId } = file;
  const owed = (await catalogue.jobs()).filter((job) => job.fileId === fileId);
  await catalogue.write([putFile({ ...file, state: 'dropping' }), ...owed.map(removeJob)]);
  await unpinRoots(store, file);
  await removeBlocks(store, file);
  await catalogue.write([
    ...(await catalogue.dropPages('leaves', fileId)),
    ...(await catalogue.dropPages('tags', fileId)),
    ...(await catalogue.dropPages('card', fileId)),
    putTail(fileId, new Uint8Array()),
    removeFile(fileId),
  ]);
}

/** The content's root stays pinned where another owner of the same bytes has it on the node. */
async function unpinRoots(store: Store, file: TaggedFile): Promise<void> {
  for (const root of file.roots.map((text) => CID.parse(text))) {
    await onBlock(store, digestOf(root), async () => {
      const others = await otherHolders(store, digestOf(root), file);
      const pinning = others.filter(({ roots }) => roots.includes(root.toString()));
      for (const name of exceptOn(file, pinning)) {
        await nodeNamed(store, name).unpin(root, store.signal);
      }
    });
  }
}

async function removeBlocks(store: Store, file: TaggedFile): Promise<void> {
  const { catalogue, signal } = store;
  const digests = await catalogue.held(file.fileId);
  for (let first = 0; first < digests.length; first += BATCH) {
    const batch = digests.slice(first, first + BATCH);
    for (const digest of batch) {
      await onBlock(store, digest, async () => {
        const others = await otherHolders(store, digest, file);
        for (const name of exceptOn(file, others)) {
          await nodeNamed(store, name).remove(blockCid(fromHex(digest)), signal);
        }
      });
    }
    await catalogue.write(batch.flatMap((digest) => release(digest, file.fileId)));
  }
}

/** Those that refer to a block too and stay. */
async function otherHolders(
  { catalogue }: Store,
  digest: string,
  { fileId }: TaggedFile,
): Promise<TaggedFile[]> {
  const ids = (await catalogue.holders(digest)).filter((id) => id !== fileId);
  const files = await Promise.all(ids.map((id) => catalogue.file(id)));
  return files.filter((file) => file !== undefined).filter(({ state }) => state !== 'dropping');
}

/** The file's nodes on which none of the others is. */
const exceptOn = (file: TaggedFile, others: readonly TaggedFile[]): string[] =>
  file.nodes.filter((name) => !others.some(({ nodes }) => nodes.includes(name)));
