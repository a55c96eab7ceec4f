/**
 * A file's keys in n shares, k of which give them back (paper 000 section 3.2, with the changes of constructions,
 * section 8).
 *
 * What is shared is the secret K_F || S_f and, apart from it, its MAC. Each share has a commitment on the ledger, by
 * which a false share is named; the MAC catches an owner's own software that shared nonsense.
 *
 * @module
 */
import { platform } from '#platform';
import { PACKAGE_OVERHEAD, unwrap, wrap } from './all-or-nothing.ts';
import { byteStream, deriveKey, transcript } from './hash.ts';
import { concat, equalBytes, lengthPrefixed, u32be, u8 } from './bytes.ts';
import { encodeG1, multiplyBase } from './curve.ts';
import { toScalar } from './scalar.ts';
import { HoldfastError } from './errors.ts';
import {
  checkRampParameters,
  combine,
  shareLength,
  split,
  type Coins,
  type PointShare,
  type RampParameters,
} from './ramp.ts';

/** Bytes of K_F || S_f. */
const SECRET_LENGTH = 64;
const KEY_LENGTH = 32;
const MAC_LENGTH = 32;

/** What the shares of one file give back. */
export interface FileKeys {
  /** K_F: follows from the content, equal for all who hold it. */
  readonly fileKey: Uint8Array;
  /** S_f: drawn at random for this owner and file. */
  readonly fileSecret: Uint8Array;
}

/** What the shares are for: the owner itself, its organisations together, or another owner. */
export type SharePurpose = 'self' | 'recovery' | 'grant';

/** What one generation of shares belongs to; everything derived from the secret is bound to it. */
export interface Sharing extends RampParameters {
  readonly ownerId: Uint8Array;
  readonly fileId: Uint8Array;
  /** Counts the times a file's keys were shared, from 1. */
  readonly generation: number;
  readonly purpose: SharePurpose;
}

/** One share of the keys and of their MAC. */
export interface KeyShare {
  /** j, 1 to n. */
  readonly index: number;
  readonly keyShare: Uint8Array;
  readonly macShare: Uint8Array;
}

export interface CommittedShare extends KeyShare {
  /** C_j = g1^s_j, 48 bytes. */
  readonly commitment: Uint8Array;
}

/** What came out of shares, and which of them were bad. */
export interface CombinedKeys {
  readonly keys: FileKeys;
  /** Indices of shares that do not match the ledger, ascending. */
  readonly bad: readonly number[];
}

/**
 * (Owner) Splits a file's keys.
 *
 * Deviation: paper 000 shares the key alone at k - r of any size. Here K_F || S_f is one secret; with k - r >= 2 both it
 * and its MAC first pass the all-or-nothing transform, since a plain ramp gives whole pieces to some sets of k - 1
 * holders.
 *
 * @returns the same n shares for the same keys and sharing.
 */
export function splitKeys(keys: FileKeys, sharing: Sharing): readonly CommittedShare[] {
  const secret = concat(keys.fileKey, keys.fileSecret);
  if (secret.length !== SECRET_LENGTH) throw new Error('bug: K_F and S_f have 32 bytes each');
  const mac = keyMac(secret, sharing);
  const coins = coinsOf(secret, sharing);
  // One polynomial must not hide two values: the MAC takes the coins after those of the secret.
  const keyShares = split(packed(secret, sharing), sharing, coins);
  const macShares = split(packed(mac, sharing), sharing, (piece, length) =>
    coins(piece + sharing.privacy, length),
  );
  return keyShares.map(({ point, value }, i) => {
    const share = { index: point, keyShare: value, macShare: valueAt(macShares, i) };
    return { ...share, commitment: commitTo(share, sharing) };
  });
}

/**
 * (Owner) The keys from k or more shares, whoever may have held them.
 *
 * @param commitments - C_1 to C_n of the ledger, 48 bytes each.
 * @param unopened - indices of shares that are known to be bad, because their seal did not open.
 * @returns the keys, and ascending the indices of shares that do not match their commitment.
 * @throws `SHARES_TOO_FEW` where fewer than k match, naming those that do not; `SHARE_INVALID` where the shares match
 *   but their MAC does not.
 */
export function combineKeys(
  shares: readonly KeyShare[],
  commitments: readonly Uint8Array[],
  sharing: Sharing,
  unopened: readonly number[] = [],
): CombinedKeys {
  checkRampParameters(sharing);
  const { good, bad } = judge(shares, commitments, sharing, unopened);
  if (good.length < sharing.threshold) {
    const named = bad.length === 0 ? '' : `; damaged: ${bad.join(', ')}`;
    const detail = `${sharing.threshold} key shares needed, ${good.length} match the ledger${named}`;
    throw new HoldfastError('SHARES_TOO_FEW', detail);
  }
  const secret = joined(good, 'keyShare', SECRET_LENGTH, sharing);
  const mac = joined(good, 'macShare', MAC_LENGTH, sharing);
  if (!equalBytes(mac, keyMac(secret, sharing))) {
    throw new HoldfastError('SHARE_INVALID', 'the keys in the shares do not match their MAC');
  }
  const keys = {
    fileKey: secret.slice(0, KEY_LENGTH),
    fileSecret: secret.slice(KEY_LENGTH),
  };
  return { keys, bad };
}

/** Bytes of `keyShare` and of `macShare`. */
export function shareLengths(parameters: RampParameters): { key: number; mac: number } {
  const overhead = isWeak(parameters) ? PACKAGE_OVERHEAD : 0;
  return {
    key: shareLength(SECRET_LENGTH + overhead, parameters),
    mac: shareLength(MAC_LENGTH + overhead, parameters),
  };
}

/**
 * (Owner, Agent) C_j = g1^s_j with s_j = first 48 bytes of
 * stream(T("share-scalar", ownerId, fileId, u32 generation, u8 j, LP(K_Fj), LP(mac_Fj))) mod r.
 *
 * s_j also serves as a signing key that shows a share to be there without showing the share.
 */
export function commitTo(share: KeyShare, { ownerId, fileId, generation }: Sharing): Uint8Array {
  const seed = transcript(
    'share-scalar',
    ownerId,
    fileId,
    u32be(generation),
    u8(share.index),
    lengthPrefixed(share.keyShare),
    lengthPrefixed(share.macShare),
  );
  return encodeG1(multiplyBase(toScalar(byteStream(seed)(48))));
}

/** Tells shares that match their commitment from those that do not; the same share twice counts once. */
function judge(
  shares: readonly KeyShare[],
  commitments: readonly Uint8Array[],
  sharing: Sharing,
  unopened: readonly number[],
): { readonly good: readonly KeyShare[]; readonly bad: readonly number[] } {
  const good = new Map<number, KeyShare>();
  const bad = new Set(unopened);
  for (const share of shares) {
    const expected = commitments[share.index - 1];
    const matches = expected !== undefined && equalBytes(commitTo(share, sharing), expected);
    if (matches) good.set(share.index, share);
    else bad.add(share.index);
  }
  return { good: [...good.values()], bad: [...bad].sort((a, b) => a - b) };
}

/** HMAC(HKDF(K_F || S_f, "mac"), fileId || u32 generation || u8 n || u8 k || u8 r). */
function keyMac(secret: Uint8Array, sharing: Sharing): Uint8Array {
  const { fileId, generation } = sharing;
  return platform.hmac(
    deriveKey(secret, 'mac'),
    fileId,
    u32be(generation),
    encodeParameters(sharing),
  );
}

/**
 * HMAC-SHA-256(HKDF(K_F || S_f, "coins" || LP(ownerId) || fileId || u32 generation || LP(purpose) || u8 n || u8 k || u8 r),
 * u8 piece || u32 counter), as many blocks as needed.
 */
function coinsOf(secret: Uint8Array, sharing: Sharing): Coins {
  const { ownerId, fileId, generation, purpose } = sharing;
  const context = concat(
    lengthPrefixed(ownerId),
    fileId,
    u32be(generation),
    lengthPrefixed(purpose),
    encodeParameters(sharing),
  );
  const key = deriveKey(secret, 'coins', { context });
  return (piece, length) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, counter) =>
      platform.hmac(key, u8(piece), u32be(counter)),
    );
    return concat(...blocks).slice(0, length);
  };
}

const encodeParameters = ({ shareCount, threshold, privacy }: RampParameters): Uint8Array =>
  concat(u8(shareCount), u8(threshold), u8(privacy));

/** Whether some sets of k - 1 shares of the plain ramp give away pieces of the secret. */
const isWeak = ({ threshold, privacy }: RampParameters): boolean => threshold - privacy > 1;

const packed = (value: Uint8Array, parameters: RampParameters): Uint8Array =>
  isWeak(parameters) ? wrap(value) : value;

function joined(
  shares: readonly KeyShare[],
  part: 'keyShare' | 'macShare',
  length: number,
  parameters: RampParameters,
): Uint8Array {
  const points: PointShare[] = shares.map((share) => ({ point: share.index, value: share[part] }));
  if (!isWeak(parameters)) return combine(points, parameters, length);
  return unwrap(combine(points, parameters, length + PACKAGE_OVERHEAD));
}

function valueAt(shares: readonly PointShare[], at: number): Uint8Array {
  const share = shares[at];
  if (share === undefined) throw new Error('bug: fewer shares of the MAC than of the keys');
  return share.value;
}
