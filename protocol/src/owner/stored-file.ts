/**
 * A file on its way back (step 11 of the main job): any k shares, K_F, the leaves as far as the root on the ledger binds
 * them, the manifest. After that each block is compared before a byte of it is released.
 *
 * @module
 */
import { fromHex } from '../bytes.ts';
import { openCard, type Card } from '../card.ts';
import { HoldfastError } from '../errors.ts';
import type { StoredBlock } from '../file-cid.ts';
import { decodeLeaves } from '../leaf-list.ts';
import type { FileRecord } from '../file-records.ts';
import { openManifest } from '../manifest.ts';
import { openStoredFile, type OpenedFile } from '../open-file.ts';
import { rootOf } from './acceptance-check.ts';
import type { ActingOwner } from './acting-owner.ts';
import { openFileKeys, readFileState, secretOf, type OpenedShares } from './file-keys.ts';

/** Reads a part that fits in memory, unbelieved. */
export type ReadPart = (
  file: FileRecord,
  part: 'leaves' | 'manifest' | 'card',
) => Promise<Uint8Array>;

/** No part but the content has more: a tag has 48 bytes, a leaf 44, what a manifest says of an extent 36. */
const BYTES_A_BLOCK = 48;
const PART_BYTES = 4_096;

/** Bytes that a part other than the content has at most. */
export const mostBytesOf = ({ blockCount }: Pick<FileRecord, 'blockCount'>): number =>
  PART_BYTES + blockCount * BYTES_A_BLOCK;

/** What the owner calls a file, and its bytes of plaintext. */
export interface FileFacts extends Card {
  readonly size: number;
}

export interface OpenedStored {
  readonly record: FileRecord;
  readonly shares: OpenedShares;
  readonly blocks: readonly StoredBlock[];
  readonly file: OpenedFile;
}

/** (Owner) Keys and manifest of a stored file, all that is needed before its first block. @throws `NOT_FOUND`. */
export async function openStored(
  owner: ActingOwner,
  fileId: string,
  readPart: ReadPart,
): Promise<OpenedStored> {
  const { file: record } = await readFileState(owner, fileId);
  if (record.state === 'retired') {
    throw new HoldfastError('NOT_FOUND', `file ${fileId.slice(0, 12)} is retired`);
  }
  const shares = await openFileKeys(owner, fileId);
  const blocks = blocksOf(owner, record, await readPart(record, 'leaves'));
  const sealed = await readPart(record, 'manifest');
  const file = await openStoredFile(blocks, sealed, shares.keys.fileKey);
  return { record, shares, blocks, file };
}

/**
 * (Owner) The file's blocks in order: lengths and digests.
 *
 * @throws `ANSWER_FALSE` where they do not give the root on the ledger.
 */
export function blocksOf(
  { secrets }: ActingOwner,
  file: FileRecord,
  leaves: Uint8Array,
): readonly StoredBlock[] {
  const blocks = parseLeaves(leaves);
  const salt = secrets.saltOf(fromHex(file.fileId));
  if (blocks.length !== file.blockCount || rootOf(salt, blocks) !== file.root) {
    throw new HoldfastError('ANSWER_FALSE', 'the leaves do not give the root on the ledger');
  }
  return blocks;
}

/** @throws `ANSWER_FALSE` unless ids count up from 0, as in every file that was never edited. */
function parseLeaves(bytes: Uint8Array): readonly StoredBlock[] {
  const leaves = decodeLeaves(bytes);
  if (leaves.some(({ uid }, index) => uid !== index)) {
    throw new HoldfastError('ANSWER_FALSE', 'these are no leaves of an unedited file');
  }
  return leaves.map(({ length, digest }) => ({ length, digest }));
}

/**
 * (Owner) Opens what is sealed beside a file: its shares, its card, its manifest.
 *
 * @throws `SHARES_TOO_FEW`, `KEY_INVALID` where they do not open.
 */
export async function openFacts(
  owner: ActingOwner,
  file: FileRecord,
  readPart: ReadPart,
): Promise<FileFacts> {
  const { keys } = await openFileKeys(owner, file.fileId);
  const card = await openCard(secretOf(keys), await readPart(file, 'card'));
  const { size } = await openManifest(keys.fileKey, await readPart(file, 'manifest'));
  return { ...card, size };
}
