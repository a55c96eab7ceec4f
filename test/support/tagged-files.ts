/**
 * An owner's tagged files as a provider keeps them, in small: blocks of a few sectors, where the size changes nothing.
 */
import type { Random } from '@holdfast/protocol/platform/platform.js';
import { base64url, hex } from '@holdfast/protocol/bytes.js';
import { newSecret } from '@holdfast/protocol/signature.js';
import type { TagKeyRecord } from '@holdfast/protocol/account-records.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import {
  decodeTable,
  newTagKeyRecord,
  publicTable,
  type PublicTable,
  type TagKey,
} from '@holdfast/protocol/tag-key.js';
import {
  finishTags,
  newSectorSummer,
  sectorsOf,
  TAG,
  tagSession,
  type TagSession,
} from '@holdfast/protocol/tag.js';
import type { StoredFile } from '@holdfast/protocol/prover.js';
import { fileRecord } from './audit-records.ts';

export const CHANNEL = 'holdfast';

export interface Tagger {
  readonly key: TagKey;
  readonly bytes: Uint8Array;
  readonly table: PublicTable;
  readonly tagKey: TagKeyRecord;
}

export interface TaggedFile {
  readonly file: FileRecord;
  readonly session: TagSession;
  readonly blocks: Uint8Array[];
  readonly tags: Uint8Array[];
}

/** An owner's tag key for blocks of `blockSize` bytes. */
export function newTagger(random: Random, blockSize: number, chosen: Partial<TagKey> = {}): Tagger {
  const key = { x: newSecret(random), alpha: newSecret(random), ...chosen };
  const bytes = publicTable(key.alpha, sectorsOf(blockSize));
  const ownerId = hex(random(32));
  const { tagKey, tagKeyId } = newTagKeyRecord(key, bytes, { channel: CHANNEL, ownerId });
  const { x, xAlpha, tableDigest, sectorsMax } = tagKey;
  return {
    key,
    bytes,
    table: decodeTable(bytes),
    tagKey: { tagKeyId, ownerId, x, xAlpha, tableDigest, sectorsMax, custodian: null },
  };
}

/** Tags blocks as an owner does when it uploads them. */
export function tagFile(random: Random, tagger: Tagger, blocks: Uint8Array[]): TaggedFile {
  const file = fileRecord({
    fileId: hex(random(32)),
    ownerId: tagger.tagKey.ownerId,
    tagKeyId: tagger.tagKey.tagKeyId,
    root: hex(random(32)),
    blockCount: blocks.length,
    nextUid: blocks.length,
    base: {
      version: 1,
      firstUid: 0,
      blockCount: blocks.length,
      nonce: base64url(random(16)),
      taggedAt: 1_700_000_000_000,
    },
  });
  const session = tagSession(file.fileId, file.base);
  const sumOf = newSectorSummer(tagger.key.alpha, tagger.tagKey.sectorsMax);
  const row = finishTags(blocks.map(sumOf), session, tagger.key);
  return { file, session, blocks, tags: blocks.map((_, i) => row.slice(TAG * i, TAG * (i + 1))) };
}

/** What the provider answers a challenge from. */
export function stored(
  { blocks, tags }: Pick<TaggedFile, 'blocks' | 'tags'>,
  challenge: StoredFile['challenge'],
): StoredFile {
  const at = (row: readonly Uint8Array[], uid: number) => {
    const found = row[uid];
    if (found === undefined) throw new Error(`no block ${uid}`);
    return Promise.resolve(found);
  };
  return { challenge, block: (uid) => at(blocks, uid), tag: (uid) => at(tags, uid) };
}
