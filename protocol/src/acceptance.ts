/**
 * What a version of a file is in one digest, and what a provider signs when it takes it (constructions, section 3).
 *
 * The acceptance creates the provider's liability: it is signed only after intake has checked every tag, and binds
 * the session of the tags, the price and the nodes besides the content.
 *
 * @module
 */
import {
  concat,
  fromBase64url,
  fromHex,
  integer,
  lengthPrefixed,
  u32be,
  u64be,
  u8,
} from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { transcript } from './hash.ts';
import type { FileVersion, NewVersion, TaggingBase, Terms } from './file-records.ts';

/** (Owner, Provider, Ledger) Version 1 of a file: all its blocks tagged at once, with ids from 0, nothing edited. */
export const firstVersion = ({
  root,
  blockCount,
  blockSize,
  nonce,
  taggedAt,
}: NewVersion): FileVersion => ({
  version: 1,
  blockCount,
  blockSize,
  root,
  nextUid: blockCount,
  base: { version: 1, firstUid: 0, blockCount, nonce, taggedAt },
  editHead: '0'.repeat(64),
});

/**
 * (Owner, Provider, Ledger) m' = T("file", fid, u32 version, u32 n, u32 blockSize, root, u64 next, base, editHead):
 * what acceptance and chameleon hash bind.
 *
 * @param fileId - hex.
 */
export const versionDigest = (fileId: string, version: FileVersion): Uint8Array =>
  transcript(
    'file',
    fromHex(fileId),
    u32be(version.version),
    u32be(version.blockCount),
    u32be(version.blockSize),
    fromHex(version.root),
    u64be(version.nextUid),
    encodeBase(version.base),
    fromHex(version.editHead),
  );

/** u32 version || u64 firstUid || u32 blocks || nonce (16) || u64 taggedAt. */
const encodeBase = (base: TaggingBase): Uint8Array =>
  concat(
    u32be(base.version),
    u64be(base.firstUid),
    u32be(base.blockCount),
    fromBase64url(base.nonce, 16),
    u64be(base.taggedAt),
  );

/**
 * (Provider, Owner, Ledger) What the provider signs with its acceptance key under `DST.acceptance`:
 * T("accept", LP(channel), m', ownerId, LP(providerId), tagKeyId, anchor, u64 pricePerEpoch, u64 bond, couponId, u64 expiryEpoch,
 * u8 count, LP(node)...). Without the channel, a signature given on one ledger would hold on another that knows the
 * same key.
 *
 * @throws `INPUT_INVALID` where an amount takes more than 64 bits.
 */
export const acceptanceMessage = ({
  channel,
  versionDigest: digest,
  ownerId,
  tagKeyId,
  anchor,
  terms,
}: {
  readonly channel: string;
  readonly versionDigest: Uint8Array;
  /** Hex, as are the two that follow. */
  readonly ownerId: string;
  readonly tagKeyId: string;
  readonly anchor: string;
  readonly terms: Terms;
}): Uint8Array =>
  transcript(
    'accept',
    lengthPrefixed(channel),
    digest,
    fromHex(ownerId),
    lengthPrefixed(terms.providerId),
    fromHex(tagKeyId),
    fromHex(anchor),
    encodeAmount(terms.pricePerEpoch, '/terms/pricePerEpoch'),
    encodeAmount(terms.bond, '/terms/bond'),
    fromHex(terms.couponId),
    u64be(terms.expiryEpoch),
    u8(terms.nodes.length),
    ...terms.nodes.map(lengthPrefixed),
  );

function encodeAmount(amount: string, pointer: string): Uint8Array {
  const value = BigInt(amount);
  if (value >> 64n !== 0n) {
    throw new HoldfastError('INPUT_INVALID', `${pointer}: more than 64 bits`, { pointer });
  }
  return integer(value, 8);
}
