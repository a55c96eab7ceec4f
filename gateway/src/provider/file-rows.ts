/**
 * Files, leaves and tags as the catalogue has them.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { decodeLeaves, LEAF_BYTES, type Leaf } from '@holdfast/protocol/leaf-list.js';
import { TAG } from '@holdfast/protocol/tag.js';
import type { Store } from './block-store.ts';
import type { Catalogue } from './catalogue.ts';
import type { TaggedFile } from './tagged-file.ts';

/** @throws `NOT_FOUND` unless the upload or file is there and stays. */
export async function kept(
  { catalogue }: Pick<Store, 'catalogue'>,
  fileId: string,
): Promise<TaggedFile> {
  const file = await catalogue.file(fileId);
  if (file !== undefined && file.state !== 'dropping') return file;
  throw new HoldfastError('NOT_FOUND', `no file or upload ${fileId} here`);
}

/** @throws `NOT_FOUND` unless the file has been accepted. */
export async function stored(
  context: Pick<Store, 'catalogue'>,
  fileId: string,
): Promise<TaggedFile> {
  const file = await kept(context, fileId);
  if (file.accepted !== null) return file;
  throw new HoldfastError('NOT_FOUND', `file ${fileId} is still being uploaded`);
}

/** 48 bytes. @throws `NOT_FOUND` where the file has no such block. */
export async function tagOf(
  { catalogue }: Pick<Store, 'catalogue'>,
  { fileId, request }: TaggedFile,
  uid: number,
): Promise<Uint8Array> {
  const at = TAG * (uid - request.firstUid);
  const tag = at < 0 ? new Uint8Array() : await catalogue.bytes('tags', fileId, at, at + TAG);
  if (tag.length === TAG) return tag;
  throw new HoldfastError('NOT_FOUND', `the file has no block ${uid}`);
}

export const leavesOf = async (catalogue: Catalogue, fileId: string): Promise<Leaf[]> =>
  decodeLeaves(await catalogue.allBytes('leaves', fileId));

/** @throws `NOT_FOUND` where the file has no such block. */
export async function leafOf(catalogue: Catalogue, file: TaggedFile, uid: number): Promise<Leaf> {
  const at = (uid - file.request.firstUid) * LEAF_BYTES;
  const found =
    at < 0 ? new Uint8Array() : await catalogue.bytes('leaves', file.fileId, at, at + LEAF_BYTES);
  const [leaf] = decodeLeaves(found);
  if (leaf === undefined) throw new HoldfastError('NOT_FOUND', `the file has no block ${uid}`);
  return leaf;
}
