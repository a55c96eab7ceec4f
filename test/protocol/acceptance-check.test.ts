import { beforeAll, describe, expect, it } from '@jest/globals';
import { acceptanceMessage, versionDigest } from '@holdfast/protocol/acceptance.js';
import { base64url, hex } from '@holdfast/protocol/bytes.js';
import { BASE_1, ready } from '@holdfast/protocol/curve.js';
import { fileDag } from '@holdfast/protocol/file-cid.js';
import { anchor } from '@holdfast/protocol/ids.js';
import { DST } from '@holdfast/protocol/labels.js';
import type { Config, ProviderOrganisation } from '@holdfast/protocol/consortium-records.js';
import type { Terms } from '@holdfast/protocol/file-records.js';
import type { AcceptanceAnswer } from '@holdfast/protocol/upload-messages.js';
import type { SealedFile } from '@holdfast/protocol/pipeline.js';
import { publicKeyOf, sign } from '@holdfast/protocol/signature.js';
import {
  checkAcceptance,
  checkTerms,
  firstVersion,
  type Accepted,
} from '@holdfast/protocol/owner/acceptance-check.js';

const SECRET = 77n;
const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const salt = bytes(32, 5);
const blocks = [
  { length: 262_144, digest: bytes(32, 1) },
  { length: 100, digest: bytes(32, 2) },
];
const terms: Terms = {
  providerId: 'Birch',
  nodes: ['birch-1', 'birch-2'],
  pricePerEpoch: '0',
  bond: '0',
  couponId: '0'.repeat(64),
  expiryEpoch: 40,
};

let provider: ProviderOrganisation;
let sealed: SealedFile;
let accepted: Accepted;
let answer: AcceptanceAnswer;

beforeAll(async () => {
  await ready();
  provider = {
    role: 'provider',
    mspId: 'Birch',
    acceptanceKey: base64url(publicKeyOf(SECRET)),
    possession: base64url(BASE_1),
    nodes: ['birch-1', 'birch-2', 'birch-3'],
    pricePerEpoch: '0',
    bond: '0',
    padding: true,
  };
  sealed = {
    size: 262_000,
    blockSize: 262_144,
    paddedSize: 262_144,
    manifestSize: 100,
    dataBlocks: 1,
    blockCount: 2,
    tau: bytes(32, 3),
    fileKey: bytes(32, 4),
    oprfSetId: bytes(32, 6),
    fingerprint: bytes(32, 7),
    nonce: bytes(16, 8),
    blocks,
    sums: [],
    cid: fileDag(blocks).cid,
  };
  accepted = {
    channel: 'holdfast',
    fileId: 'aa'.repeat(32),
    ownerId: 'bb'.repeat(32),
    tagKeyId: 'cc'.repeat(32),
    salt,
    version: firstVersion(sealed, salt, 1_000),
    terms,
  };
  answer = signed(accepted);
});

function signed({
  channel,
  fileId,
  ownerId,
  tagKeyId,
  version,
  terms: offered,
}: Accepted): AcceptanceAnswer {
  const digest = hex(anchor(salt, sealed.cid.bytes));
  const message = acceptanceMessage({
    channel,
    versionDigest: versionDigest(fileId, version),
    ownerId,
    tagKeyId,
    anchor: digest,
    terms: offered,
  });
  return {
    acceptance: base64url(sign(SECRET, message, DST.acceptance)),
    cid: sealed.cid.toString(),
    anchor: digest,
    nodes: ['birch-1', 'birch-2'],
  };
}

describe('an acceptance', () => {
  it('holds where CID, anchor and signature are those that the owner computes', () => {
    expect(() => checkAcceptance(answer, accepted, sealed, provider)).not.toThrow();
  });

  it.each<[string, Partial<AcceptanceAnswer>]>([
    ['CID', { cid: 'bafkqaaa' }],
    ['anchor', { anchor: '00'.repeat(32) }],
    ['node', { nodes: ['birch-3'] }],
    ['signature', { acceptance: base64url(BASE_1) }],
  ])('is refused with another %s', (_, change) => {
    const forged = { ...answer, ...change };
    expect(() => checkAcceptance(forged, accepted, sealed, provider)).toThrow('ACCEPTANCE_INVALID');
  });

  it.each<[string, (it: Accepted) => Accepted]>([
    ['channel', (it) => ({ ...it, channel: 'another' })],
    ['file', (it) => ({ ...it, fileId: 'ab'.repeat(32) })],
    ['owner', (it) => ({ ...it, ownerId: 'ab'.repeat(32) })],
    ['tag key', (it) => ({ ...it, tagKeyId: 'ab'.repeat(32) })],
    ['version', (it) => ({ ...it, version: firstVersion(sealed, salt, 1_001) })],
    ['price', (it) => ({ ...it, terms: { ...it.terms, pricePerEpoch: '1' } })],
    ['placement', (it) => ({ ...it, terms: { ...it.terms, nodes: ['birch-2', 'birch-1'] } })],
  ])('is refused where it was signed for another %s', (_, change) => {
    const elsewhere = signed(change(accepted));
    expect(() => checkAcceptance(elsewhere, accepted, sealed, provider)).toThrow('does not hold');
  });

  it('is refused under another provider’s key', () => {
    const stranger = { ...provider, acceptanceKey: base64url(publicKeyOf(78n)) };
    expect(() => checkAcceptance(answer, accepted, sealed, stranger)).toThrow('does not hold');
  });
});

describe('terms', () => {
  const config = { minimumReplicas: 2 } as Config;

  it('are those that the provider announced', () => {
    expect(() => checkTerms(terms, provider, config)).not.toThrow();
  });

  it.each<Partial<Terms>>([
    { providerId: 'Elm' },
    { pricePerEpoch: '1' },
    { bond: '1' },
    { nodes: ['birch-1'] },
    { nodes: ['birch-1', 'birch-1'] },
    { nodes: ['birch-1', 'elm-1'] },
  ])('are refused with %j', (change) => {
    expect(() => checkTerms({ ...terms, ...change }, provider, config)).toThrow(
      'ACCEPTANCE_INVALID',
    );
  });
});
