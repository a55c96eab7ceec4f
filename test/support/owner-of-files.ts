/** An owner with all its keys, and the files it has prepared: what a client would send to the ledger. */
import { createHash, createPublicKey } from 'node:crypto';
import { acceptanceMessage, firstVersion, versionDigest } from '@holdfast/protocol/acceptance.js';
import { base64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { newLeaf } from '@holdfast/protocol/chameleon.js';
import { encodeG1, multiplyBase, ready } from '@holdfast/protocol/curve.js';
import { toScalar } from '@holdfast/protocol/scalar.js';
import { fileRoot, leafHash, treeHash } from '@holdfast/protocol/file-root.js';
import { hpkeKeyPair } from '@holdfast/protocol/hpke.js';
import * as ids from '@holdfast/protocol/ids.js';
import { DST } from '@holdfast/protocol/labels.js';
import type { FileVersion, NewVersion, Terms } from '@holdfast/protocol/file-records.js';
import type { Args } from '@holdfast/protocol/ledger-transactions.js';
import { sealShares } from '@holdfast/protocol/share-record.js';
import { sign } from '@holdfast/protocol/signature.js';
import { newTagKeyRecord, type PublicTable, type TagKey } from '@holdfast/protocol/tag-key.js';
import { finishTags, newSectorSummer, sectorsOf, tagSession } from '@holdfast/protocol/tag.js';
import { CHANNEL, NODES, secretOf } from './consortium.ts';
import { tableOf } from './kept-tables.ts';
import type { TestIdentity } from './memory-ledger.ts';
import { seededRandom } from './property.ts';

export const BLOCK_SIZE = 65_536;
const SECTORS = sectorsOf(BLOCK_SIZE);
/** Shares of a file's keys unless a test says otherwise: (n, k, r). */
const SHARING = { shareCount: 5, threshold: 3, privacy: 2 };

export interface TestOwner {
  readonly identity: TestIdentity;
  readonly ownerId: string;
  readonly tagKeyId: string;
  readonly tagKey: TagKey;
  readonly table: PublicTable;
  readonly tableBytes: Uint8Array;
  readonly chameleonKey: Uint8Array;
  readonly hpkeKey: Uint8Array;
  readonly opening: Args<'accounts:open'>;
  readonly random: (length: number) => Uint8Array;
}

/**
 * @param name - decides all its secrets but the signing key.
 * @param alike - an owner whose alpha it shares, and so its table: two seconds of work less for each of a crowd.
 */
export async function newTestOwner(
  identity: TestIdentity,
  name: string,
  alike?: TestOwner,
): Promise<TestOwner> {
  await ready();
  const random = seededRandom(Number(secretOf(name) & 0xffff_ffffn));
  const spki = createPublicKey(identity.privateKey).export({ type: 'spki', format: 'der' });
  const ownerId = hex(ids.ownerId(identity.mspId, new Uint8Array(spki)));
  const [x, own] = [toScalar(random(48)), toScalar(random(48))];
  const tagKey = { x, alpha: alike?.tagKey.alpha ?? own };
  const { tableBytes, table } = alike ?? tableFor(tagKey);
  const announced = newTagKeyRecord(tagKey, tableBytes, { channel: CHANNEL, ownerId });
  const chameleonKey = encodeG1(multiplyBase(toScalar(random(48))));
  const { publicKey: hpkeKey } = await hpkeKeyPair(random(32));
  return {
    identity,
    ownerId,
    tagKeyId: announced.tagKeyId,
    tagKey,
    table,
    tableBytes,
    chameleonKey,
    hpkeKey,
    opening: {
      hpkeKey: base64url(hpkeKey),
      chameleonKey: base64url(chameleonKey),
      tagKey: announced.tagKey,
      custody: 'owner',
    },
    random,
  };
}

function tableFor({ alpha }: TagKey): Pick<TestOwner, 'table' | 'tableBytes'> {
  const { bytes, points } = tableOf(alpha, SECTORS);
  return { table: points, tableBytes: bytes };
}

export interface TestFile {
  readonly fileId: string;
  readonly registration: Args<'files:register'>;
  readonly blocks: readonly Uint8Array[];
  readonly tagOf: (uid: number) => Uint8Array;
}

export interface TestFileOptions {
  readonly epoch: number;
  readonly blockCount?: number;
  /** Bytes that each of them really has; the ledger never sees any. */
  readonly blockLength?: number;
  /** What the version says instead: blocks that nobody holds. */
  readonly claimedBlocks?: number;
  readonly terms?: Partial<Terms>;
  readonly version?: Partial<NewVersion>;
  readonly sharing?: { shareCount: number; threshold: number; privacy: number };
}

/** A file of random blocks, tagged, accepted by its provider, its keys shared. */
export async function newTestFile(owner: TestOwner, options: TestFileOptions): Promise<TestFile> {
  const { ownerId, tagKey, tagKeyId, random } = owner;
  const { epoch, blockCount = 3, claimedBlocks = blockCount, blockLength = BLOCK_SIZE } = options;
  const nonce = random(32);
  const fileId = ids.fileId(fromHex(ownerId), nonce);
  const blocks = Array.from({ length: blockCount }, () => blockOf(random(32), blockLength));
  const digests = blocks.map((block) => sha256(block));
  const leaves = digests.map((digest, uid) => leafHash(uid, blockLength, digest));
  const salt = random(32);
  const told: NewVersion = {
    root: hex(fileRoot(salt, blockCount, treeHash(leaves))),
    blockCount: claimedBlocks,
    blockSize: BLOCK_SIZE,
    nonce: base64url(random(16)),
    taggedAt: 1_795_252_800_000,
    ...options.version,
  };
  const version = firstVersion(told);
  const sumOf = newSectorSummer(tagKey.alpha, SECTORS);
  const tags = finishTags(blocks.map(sumOf), tagSession(hex(fileId), version.base), tagKey);
  const accepted = acceptedBy(owner, hex(fileId), version, {
    anchor: hex(ids.anchor(salt, random(36))),
    terms: termsOf(options.terms),
  });
  const leaf = newLeaf(owner.chameleonKey, versionDigest(hex(fileId), version), random);
  const { shareCount, threshold, privacy, entries } = await sealShares(
    { fileKey: random(32), fileSecret: random(32) },
    {
      ...(options.sharing ?? SHARING),
      ownerId: fromHex(ownerId),
      fileId,
      generation: 1,
      purpose: 'self',
    },
    {
      recipients: [{ recipientId: fromHex(ownerId), hpkeKey: owner.hpkeKey }],
      sealedAtEpoch: epoch,
    },
    random,
  );
  const { chameleonHash, opening } = leaf;
  return {
    fileId: hex(fileId),
    registration: {
      epoch,
      nonce: base64url(nonce),
      tagKeyId,
      version: told,
      ...accepted,
      chameleonHash,
      opening,
      shares: { shareCount, threshold, privacy, entries },
      lane: 0,
    },
    blocks,
    tagOf: (uid) => tags.slice(48 * uid, 48 * (uid + 1)),
  };
}

/** Terms and anchor with the provider's signature over them and the version. */
export function acceptedBy(
  { ownerId, tagKeyId }: Pick<TestOwner, 'ownerId' | 'tagKeyId'>,
  fileId: string,
  version: FileVersion,
  { anchor, terms, channel = CHANNEL }: { anchor: string; terms: Terms; channel?: string },
): Pick<Args<'files:register'>, 'anchor' | 'terms' | 'acceptance'> {
  const message = acceptanceMessage({
    channel,
    versionDigest: versionDigest(fileId, version),
    ownerId,
    tagKeyId,
    anchor,
    terms,
  });
  const secret = secretOf(`acceptance of ${terms.providerId}`);
  return { anchor, terms, acceptance: base64url(sign(secret, message, DST.acceptance)) };
}

export const termsOf = (change: Partial<Terms> = {}): Terms => ({
  providerId: 'Birch',
  nodes: [NODES[0], NODES[1]],
  pricePerEpoch: '0',
  bond: '0',
  couponId: '0'.repeat(64),
  expiryEpoch: 100,
  ...change,
});

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

/** As many bytes as wanted, from a seed of 32. */
const blockOf = (seed: Uint8Array, outputLength: number): Uint8Array =>
  new Uint8Array(createHash('shake256', { outputLength }).update(seed).digest());
