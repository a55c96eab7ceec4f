/**
 * How the content of an upload arrives: cut into exactly the blocks that will be audited, each stored on the nodes of the
 * terms as soon as it is complete. It is never spooled; only the block that is not complete yet waits in the catalogue.
 *
 * @module
 */
import { concatAll } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { encodeLeaf, LEAF_BYTES } from '@holdfast/protocol/leaf-list.js';
import {
  blockAt,
  blockLength,
  contentLayout,
  type ContentLayout,
} from '@holdfast/protocol/padding.js';
import { sha256 } from '../storage/block-cid.ts';
import { putFile, putTail } from './catalogue.ts';
import { storeBlocks, type Store } from './block-store.ts';
import type { TaggedFile } from './tagged-file.ts';

/** Blocks go to the nodes together once they hold this much, or the source ends. */
const WINDOW_BYTES = 4 * 1_048_576;

/** All bytes of content: ciphertext and manifest. */
export const contentSize = ({ request }: Pick<TaggedFile, 'request'>): number =>
  request.paddedSize + request.manifestSize;

/**
 * Takes the bytes that follow those of `file`: all that the source has, or none where it fails.
 *
 * @param leastReplicas - fewer nodes must not be left.
 * @returns the file as it stands now, durable.
 * @throws `TOO_LARGE` where the source has more than the upload; `STORAGE_UNREACHABLE`; what the source throws.
 */
export async function receiveContent(
  store: Store,
  file: TaggedFile,
  source: AsyncIterable<Uint8Array>,
  leastReplicas: number,
): Promise<TaggedFile> {
  const { catalogue } = store;
  const { fileId, request } = file;
  const layout = contentLayout(request);
  const size = contentSize(file);
  const tail = await catalogue.tail(fileId);
  const first = blockAt(layout, file.contentBytes - tail.length).index;
  const cutter = newCutter(layout, first, tail);
  const leaves: Uint8Array[] = [];
  const incomplete = new Set(file.incomplete);
  let contentBytes = file.contentBytes;

  const storeComplete = async () => {
    const blocks = cutter.takeComplete().map((bytes) => ({ bytes, digest: sha256(bytes) }));
    if (blocks.length === 0) return;
    for (const { bytes, digest } of blocks) {
      const uid = request.firstUid + first + leaves.length;
      leaves.push(encodeLeaf({ uid, length: bytes.length, digest }));
    }
    const usable = file.nodes.filter((node) => !incomplete.has(node));
    const dag = blocks.map(({ bytes, digest }) => ({ cid: blockCid(digest), bytes }));
    const failed = await storeBlocks(store, fileId, dag, usable);
    for (const node of failed) incomplete.add(node);
    expectReplicas(file.nodes.length - incomplete.size, leastReplicas);
  };

  // one window is stored while the next one comes
  let storing = Promise.resolve();
  try {
    for await (const chunk of source) {
      contentBytes += chunk.length;
      if (contentBytes > size) {
        throw new HoldfastError('TOO_LARGE', `more than the ${size} bytes of this upload`);
      }
      cutter.add(chunk);
      if (cutter.completeBytes() < WINDOW_BYTES) continue;
      await storing;
      storing = storeComplete();
      storing.catch(() => undefined); // it is awaited before the next window, and at the end
    }
  } finally {
    await Promise.allSettled([storing]);
  }
  await storing;
  await storeComplete();
  const now = { ...file, contentBytes, incomplete: [...incomplete] };
  const pages =
    leaves.length === 0
      ? []
      : await catalogue.pages('leaves', fileId, first * LEAF_BYTES, concatAll(leaves));
  await catalogue.write([...pages, putTail(fileId, cutter.rest()), putFile(now)]);
  return now;
}

/** Cuts a stream into blocks, the first of them begun by `tail`. */
function newCutter(layout: ContentLayout, first: number, tail: Uint8Array) {
  let complete: Uint8Array[] = [];
  let next = first;
  let block = new Uint8Array();
  let held = 0;

  function add(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0;) {
      if (held === 0) block = new Uint8Array(blockLength(layout, next));
      const taken = rest.subarray(0, block.length - held);
      block.set(taken, held);
      held += taken.length;
      rest = rest.subarray(taken.length);
      if (held < block.length) return;
      complete.push(block);
      held = 0;
      next++;
    }
  }

  add(tail);
  return {
    add,
    completeBytes: () => complete.reduce((sum, { length }) => sum + length, 0),
    rest: () => block.slice(0, held),
    takeComplete(): readonly Uint8Array[] {
      const taken = complete;
      complete = [];
      return taken;
    },
  };
}

/** The nodes that have all of the file that has come. */
export const completeNodes = ({ nodes, incomplete }: TaggedFile): string[] =>
  nodes.filter((node) => !incomplete.includes(node));

/** @throws `STORAGE_UNREACHABLE` where a file would stand on too few nodes. */
export function expectReplicas(count: number, least: number): void {
  if (count >= least) return;
  const detail = `${count} of the nodes for this file answer, at least ${least} must`;
  throw new HoldfastError('STORAGE_UNREACHABLE', detail);
}
