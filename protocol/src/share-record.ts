/**
 * Key shares as they stand on the ledger: one record a generation, each share sealed to its recipient (paper 000
 * section 3.3: I_j, C_Ij; constructions, section 9).
 *
 * @module
 */
import type { Random } from '#platform';
import {
  base64url,
  concat,
  fromBase64url,
  fromHex,
  hex,
  lengthPrefixed,
  u32be,
  u64be,
  u8,
  utf8,
} from './bytes.ts';
import { decodeG1 } from './curve.ts';
import { HoldfastError } from './errors.ts';
import { transcript } from './hash.ts';
import { open, seal, SEAL_OVERHEAD, type SealContext } from './hpke.ts';
import {
  combineKeys,
  shareLengths,
  splitKeys,
  type CombinedKeys,
  type CommittedShare,
  type FileKeys,
  type KeyShare,
  type Sharing,
} from './key-shares.ts';
import { label } from './labels.ts';
import type { ShareEntry, ShareRecord } from './file-records.ts';
import { isRamp, RAMP_RULE } from './ramp.ts';

/** Who a share is sealed to. */
export interface ShareRecipient {
  /** Account of an owner or of an organisation. */
  readonly recipientId: Uint8Array;
  /** X25519, as an attested read of the ledger gave it. */
  readonly hpkeKey: Uint8Array;
}

/** Whoever opens shares. */
export interface ShareOpener {
  readonly recipientId: Uint8Array;
  readonly privateKey: Uint8Array;
}

/**
 * (Owner) Splits a file's keys and seals share j to recipient j; a single recipient gets all of them.
 *
 * @param options.recipients - one, or as many as there are shares.
 * @param options.sealedAtEpoch - T_K of paper 000.
 */
export async function sealShares(
  keys: FileKeys,
  sharing: Sharing,
  options: { readonly recipients: readonly ShareRecipient[]; readonly sealedAtEpoch: number },
  random: Random,
): Promise<ShareRecord> {
  const { recipients, sealedAtEpoch } = options;
  const [first] = recipients;
  const { shareCount } = sharing;
  if (first === undefined || (recipients.length !== 1 && recipients.length !== shareCount)) {
    throw new Error(`bug: ${recipients.length} recipients of ${shareCount} shares`);
  }
  const isShared = recipients.every(
    ({ recipientId }) => hex(recipientId) === hex(first.recipientId),
  );
  const entries: ShareEntry[] = [];
  for (const [i, share] of splitKeys(keys, sharing).entries()) {
    const recipient = recipients[i] ?? first;
    const context = contextOf(share, sharing, {
      sealedAtEpoch,
      recipientId: recipient.recipientId,
    });
    const payload = concat(share.keyShare, share.macShare);
    const { enc, ciphertext } = await seal(recipient.hpkeKey, payload, context, random);
    entries.push({
      enc: base64url(enc),
      ciphertext: base64url(ciphertext),
      commitment: base64url(share.commitment),
      ...(isShared ? {} : { recipientId: hex(recipient.recipientId) }),
    });
  }
  return {
    fileId: hex(sharing.fileId),
    generation: sharing.generation,
    purpose: sharing.purpose,
    shareCount,
    threshold: sharing.threshold,
    privacy: sharing.privacy,
    sealedAtEpoch,
    ...(isShared ? { recipientId: hex(first.recipientId) } : {}),
    entries,
  };
}

/**
 * (Owner, Agent) Opens share `index` of a record, 1 to n.
 *
 * @throws `NOT_ALLOWED` where it is sealed to somebody else; `SHARE_INVALID` where it does not open.
 */
export async function openShare(
  record: ShareRecord,
  index: number,
  ownerId: Uint8Array,
  opener: ShareOpener,
): Promise<KeyShare> {
  const entry = record.entries[index - 1];
  if (entry === undefined || recipientOf(record, entry) !== hex(opener.recipientId)) {
    throw new HoldfastError('NOT_ALLOWED', `share ${index} is sealed to somebody else`);
  }
  const sharing = sharingOf(record, ownerId);
  const commitment = fromBase64url(entry.commitment);
  const { sealedAtEpoch } = record;
  const { recipientId } = opener;
  const context = contextOf({ index, commitment }, sharing, { sealedAtEpoch, recipientId });
  const sealed = { enc: fromBase64url(entry.enc), ciphertext: fromBase64url(entry.ciphertext) };
  const payload = await open(opener.privateKey, sealed, context);
  const lengths = shareLengths(sharing);
  if (payload.length !== lengths.key + lengths.mac) {
    throw new HoldfastError('SHARE_INVALID', `share ${index} has a wrong length`);
  }
  return {
    index,
    keyShare: payload.slice(0, lengths.key),
    macShare: payload.slice(lengths.key),
  };
}

/**
 * (Owner) Opens every share of a record that is sealed to `opener`, and combines them.
 *
 * @throws as {@link combineShares}.
 */
export async function openShares(
  record: ShareRecord,
  ownerId: Uint8Array,
  opener: ShareOpener,
): Promise<CombinedKeys> {
  const mine = hex(opener.recipientId);
  const opened: KeyShare[] = [];
  const unopened: number[] = [];
  for (const [i, entry] of record.entries.entries()) {
    if (recipientOf(record, entry) !== mine) continue;
    const share = await openShare(record, i + 1, ownerId, opener).catch(whereDamaged);
    if (share === undefined) unopened.push(i + 1);
    else opened.push(share);
  }
  return combineShares(opened, record, ownerId, unopened);
}

/**
 * (Owner) The keys from shares that one or several recipients opened.
 *
 * @param unopened - indices of shares whose seal did not open.
 * @throws `SHARES_TOO_FEW` where fewer than k match their commitments, naming the bad ones; `SHARE_INVALID` where they
 *   match but their MAC does not.
 */
export function combineShares(
  shares: readonly KeyShare[],
  record: ShareRecord,
  ownerId: Uint8Array,
  unopened: readonly number[] = [],
): CombinedKeys {
  const commitments = record.entries.map(({ commitment }) => fromBase64url(commitment));
  return combineKeys(shares, commitments, sharingOf(record, ownerId), unopened);
}

/**
 * (Ledger) Refuses a record that could not be opened as it says: the wrong file, parameters outside the scheme, not n
 * entries, a ciphertext of another length than a share's, two equal commitments or one that is no point of G1, a
 * recipient that is missing or named more than once.
 *
 * @param record - of the schema `shareRecord`.
 * @param fileId - as the ledger computed it, hex.
 * @throws `INPUT_INVALID` with the pointer of the field, from the arguments that carry the record as `shares`.
 */
export function checkShareRecord(record: ShareRecord, fileId: string): void {
  if (record.fileId !== fileId) refuse('/fileId', `expected ${fileId}`);
  if (record.generation < 1) refuse('/generation', 'generations are counted from 1');
  if (!isRamp(record)) refuse('/threshold', `expected ${RAMP_RULE}`);
  const { entries, shareCount } = record;
  if (entries.length !== shareCount) refuse('/entries', `expected ${shareCount} of them`);
  checkRecipients(record);
  const lengths = shareLengths(record);
  const length = lengths.key + lengths.mac + SEAL_OVERHEAD;
  const commitments = new Set<string>();
  for (const [i, { ciphertext, commitment }] of entries.entries()) {
    const at = `/entries/${i}`;
    const found = fromBase64url(ciphertext).length;
    if (found !== length) refuse(`${at}/ciphertext`, `expected ${length} bytes, got ${found}`);
    if (commitments.has(commitment)) refuse(`${at}/commitment`, 'another share has the same');
    commitments.add(commitment);
    checkPoint(commitment, `${at}/commitment`);
  }
}

function checkRecipients({ recipientId, entries }: ShareRecord): void {
  for (const [i, entry] of entries.entries()) {
    const isNamed = entry.recipientId !== undefined;
    if (isNamed === (recipientId === undefined)) continue;
    const problem = isNamed ? 'the record names one recipient for all' : 'no recipient is named';
    refuse(`/entries/${i}/recipientId`, problem);
  }
  const named = new Set(entries.map((entry) => entry.recipientId));
  if (recipientId === undefined && named.size === 1) {
    refuse('/entries', 'a recipient of all shares is named once, in the record');
  }
}

function checkPoint(commitment: string, at: string): void {
  try {
    decodeG1(fromBase64url(commitment));
  } catch (cause) {
    if (!(cause instanceof HoldfastError)) throw cause;
    refuse(at, 'not a point of G1', cause);
  }
}

function refuse(at: string, reason: string, cause?: unknown): never {
  const pointer = `/shares${at}`;
  throw new HoldfastError('INPUT_INVALID', `${pointer}: ${reason}`, { pointer, cause });
}

/** What a sealed share is bound to besides its recipient's key. */
interface Binding {
  readonly sealedAtEpoch: number;
  readonly recipientId: Uint8Array;
}

/**
 * info = "holdfast/v1/share"; additional = T("share-context", ownerId, fileId, u32 generation, LP(purpose), u8 n, u8 k,
 * u8 r, u64 T_K, u8 j, recipientId, C_j).
 */
function contextOf(
  { index, commitment }: Pick<CommittedShare, 'index' | 'commitment'>,
  sharing: Sharing,
  { sealedAtEpoch, recipientId }: Binding,
): SealContext {
  const additional = transcript(
    'share-context',
    sharing.ownerId,
    sharing.fileId,
    u32be(sharing.generation),
    lengthPrefixed(sharing.purpose),
    u8(sharing.shareCount),
    u8(sharing.threshold),
    u8(sharing.privacy),
    u64be(sealedAtEpoch),
    u8(index),
    recipientId,
    commitment,
  );
  return { info: utf8(label('share')), additional };
}

const sharingOf = (record: ShareRecord, ownerId: Uint8Array): Sharing => ({
  ...record,
  ownerId,
  fileId: fromHex(record.fileId),
});

const recipientOf = (record: ShareRecord, entry: ShareEntry): string | undefined =>
  entry.recipientId ?? record.recipientId;

/** A damaged share is counted, anything else is not ours to swallow. */
function whereDamaged(problem: unknown): undefined {
  if (problem instanceof HoldfastError && problem.code === 'SHARE_INVALID') return undefined;
  throw problem;
}
