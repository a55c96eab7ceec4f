/**
 * The key an owner's tags are made with, and what the ledger and a provider check of it (constructions, sections 1.1
 * and 1.3).
 *
 * ```text
 * secret   x, alpha
 * ledger   X = g2^x, X' = g2^(x alpha), digest of the table; never changed
 * provider the table u_0..u_{s-1}, u_j = g1^(alpha^j): 48 bytes a sector of a block
 * ```
 *
 * alpha is as secret as x: whoever knows it alone keeps 32 bytes a block and passes every audit. g1^x and g1^(x alpha)
 * must never be published either.
 *
 * @module
 */
import { platform, type Random } from '#platform';
import {
  base64url,
  concat,
  equalBytes,
  fromBase64url,
  fromHex,
  hex,
  lengthPrefixed,
  toInteger,
  u32be,
  utf8,
} from './bytes.ts';
import {
  BASE_1,
  decodeG1,
  decodeG2,
  encodeG1,
  encodeG2,
  multiplyBase,
  multiplyBase2,
  multiScalar,
  negate1,
  normalize,
  pairingsAreOne,
} from './curve.ts';
import { modulo, ORDER } from './scalar.ts';
import { HoldfastError } from './errors.ts';
import { transcript } from './hash.ts';
import { DST } from './labels.ts';
import type { TagKeyRecord } from './account-records.ts';
import type { Args } from './ledger-transactions.ts';
import type { Job } from './pool.ts';
import { pointsOf, rowOf, type PointRow } from './point-row.ts';
import { sign, verifySignature } from './signature.ts';

/** Secret: two scalars from 1 to r - 1, alpha not 1. */
export interface TagKey {
  readonly x: bigint;
  readonly alpha: bigint;
}

/** The public half with its proofs, as `accounts:open` takes it. */
export type AnnouncedTagKey = Args<'accounts:open'>['tagKey'];

const POINT = 48;

/** alpha^0, alpha^1, ... modulo r. */
export function powers(alpha: bigint, count: number): bigint[] {
  const row: bigint[] = [];
  for (let power = 1n; row.length < count; power = (power * alpha) % ORDER) row.push(power);
  return row;
}

/** (Owner) The table: u_j = g1^(alpha^j) for each sector, 48 bytes each. */
export const publicTable = (alpha: bigint, sectors: number): Uint8Array =>
  concat(...normalize(powers(alpha, sectors).map(multiplyBase)).map(encodeG1));

/** {@link publicTable} as a job, 0.8 s for 8,457 points. */
export const tableMaking: Job<{ readonly alpha: bigint; readonly sectors: number }, Uint8Array> = {
  name: 'tableMaking',
  work: ({ alpha, sectors }) => publicTable(alpha, sectors),
};

/** T("tag-key", ownerId, X, X'). */
export const tagKeyId = (ownerId: Uint8Array, x: Uint8Array, xAlpha: Uint8Array): Uint8Array =>
  transcript('tag-key', ownerId, x, xAlpha);

/**
 * (Owner) What the ledger is told of a key.
 *
 * @param table - of {@link publicTable}, for the longest block.
 * @param ownerId - hex.
 */
export function newTagKeyRecord(
  { x, alpha }: TagKey,
  table: Uint8Array,
  { channel, ownerId }: { readonly channel: string; readonly ownerId: string },
): { readonly tagKey: AnnouncedTagKey; readonly tagKeyId: string } {
  const xAlpha = modulo(x * alpha);
  const keys = { x: encodeG2(multiplyBase2(x)), xAlpha: encodeG2(multiplyBase2(xAlpha)) };
  const tableDigest = platform.sha256(table);
  const sectorsMax = table.length / POINT;
  const context = contextOf({ channel, ownerId, ...keys, tableDigest, sectorsMax });
  return {
    tagKey: {
      x: base64url(keys.x),
      xAlpha: base64url(keys.xAlpha),
      tableDigest: hex(tableDigest),
      sectorsMax,
      possessionX: base64url(sign(x, possessionMessage('x', context), DST.possession)),
      possessionXAlpha: base64url(sign(xAlpha, possessionMessage('xa', context), DST.possession)),
    },
    tagKeyId: hex(tagKeyId(fromHex(ownerId), keys.x, keys.xAlpha)),
  };
}

/** ctx = LP(channel) || ownerId || X || X' || SHA-256(table) || u32 sectors. */
const contextOf = (key: {
  readonly channel: string;
  readonly ownerId: string;
  readonly x: Uint8Array;
  readonly xAlpha: Uint8Array;
  readonly tableDigest: Uint8Array;
  readonly sectorsMax: number;
}): Uint8Array =>
  concat(
    lengthPrefixed(key.channel),
    fromHex(key.ownerId),
    key.x,
    key.xAlpha,
    key.tableDigest,
    u32be(key.sectorsMax),
  );

const possessionMessage = (exponent: 'x' | 'xa', context: Uint8Array): Uint8Array =>
  concat(utf8(exponent), context);

/**
 * (Ledger) Checks an announced key: both points in G2 and neither the identity, X != X' (alpha is not 1), and the owner
 * knows x and x alpha. Without the second proof an owner could take X' from another's X and answer for both.
 *
 * @param ownerId - hex.
 * @throws `KEY_INVALID` with the field at fault.
 */
export function verifyTagKey({
  channel,
  ownerId,
  tagKey,
}: {
  readonly channel: string;
  readonly ownerId: string;
  readonly tagKey: AnnouncedTagKey;
}): void {
  const x = fromBase64url(tagKey.x, 96);
  const xAlpha = fromBase64url(tagKey.xAlpha, 96);
  if (equalBytes(x, xAlpha)) throw keyInvalid('/tagKey/xAlpha', 'equals x');
  const tableDigest = fromHex(tagKey.tableDigest, 32);
  const { sectorsMax } = tagKey;
  const context = contextOf({ channel, ownerId, x, xAlpha, tableDigest, sectorsMax });
  requirePossession('/tagKey/possessionX', x, tagKey.possessionX, possessionMessage('x', context));
  requirePossession(
    '/tagKey/possessionXAlpha',
    xAlpha,
    tagKey.possessionXAlpha,
    possessionMessage('xa', context),
  );
}

function requirePossession(
  pointer: string,
  key: Uint8Array,
  proof: string,
  message: Uint8Array,
): void {
  let holds: boolean;
  try {
    holds = verifySignature(key, message, fromBase64url(proof, POINT), DST.possession);
  } catch (cause) {
    if (!(cause instanceof HoldfastError)) throw cause;
    throw keyInvalid(pointer, 'key or proof is no point of its group', cause);
  }
  if (!holds) throw keyInvalid(pointer, 'the proof of possession does not hold');
}

const keyInvalid = (pointer: string, reason: string, cause?: unknown): HoldfastError =>
  new HoldfastError('KEY_INVALID', `${pointer}: ${reason}`, { cause, pointer });

/** The points of a table whose digest the ledger holds; they may have cofactor components, which proofs project away. */
export type PublicTable = PointRow;

/**
 * (Provider) The points of a table that {@link verifyTable} has passed, about 1 s for 8,457: keep them between proofs.
 *
 * @throws `INPUT_INVALID` where a point is none of the curve.
 */
export const decodeTable = (table: Uint8Array): PublicTable =>
  rowOf(
    Array.from({ length: table.length / POINT }, (_, j) =>
      decodeG1(table.subarray(POINT * j, POINT * (j + 1)), { anyOrder: true }),
    ),
  );

/**
 * (Provider) Whether a table is the one that the ledger names and holds the powers of one alpha, that of X':
 * e(sum c_j u_{j+1}, X) = e(sum c_j u_j, X') with own random c_j of 128 bits, and u_0 = g1. Once a key, before its first
 * file; an inconsistent table would make an honest provider's proofs fail.
 *
 * @throws `INPUT_INVALID` where a point is none of the curve.
 */
export const verifyTable = (table: Uint8Array, key: AnnouncedTable, random: Random): boolean =>
  verifiedTable(table, key, random) !== undefined;

/** What the ledger holds of a table. */
type AnnouncedTable = Pick<TagKeyRecord, 'x' | 'xAlpha' | 'tableDigest' | 'sectorsMax'>;

function verifiedTable(
  table: Uint8Array,
  key: AnnouncedTable,
  random: Random,
): PublicTable | undefined {
  if (table.length !== POINT * key.sectorsMax) return undefined;
  if (!equalBytes(platform.sha256(table), fromHex(key.tableDigest))) return undefined;
  if (!equalBytes(table.subarray(0, POINT), BASE_1)) return undefined;
  const decoded = decodeTable(table);
  const points = pointsOf(decoded);
  const weights = points.slice(1).map(() => toInteger(random(16)));
  const isConsistent = pairingsAreOne([
    [negate1(multiScalar(points.slice(1), weights)), decodeG2(fromBase64url(key.x))],
    [multiScalar(points.slice(0, -1), weights), decodeG2(fromBase64url(key.xAlpha))],
  ]);
  return isConsistent ? decoded : undefined;
}

/** A table to be checked, with the bytes that its random weights are taken from. */
export interface TableClaim {
  readonly table: Uint8Array;
  readonly key: AnnouncedTable;
  /** 16 bytes a point. */
  readonly weights: Uint8Array;
}

/** {@link verifyTable} as a job, 1.3 s for 8,457 points: the points where it holds. */
export const tableCheck: Job<TableClaim, PublicTable | undefined> = {
  name: 'tableCheck',
  work({ table, key, weights }) {
    let used = 0;
    return verifiedTable(table, key, (length) => weights.slice(used, (used += length)));
  },
};

/** {@link decodeTable} as a job. */
export const tableDecoding: Job<Uint8Array, PublicTable> = {
  name: 'tableDecoding',
  work: decodeTable,
};
