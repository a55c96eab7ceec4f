import { beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, fromBase64url, hex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { hpkeKeyPair } from '@holdfast/protocol/hpke.js';
import type { SharePurpose, Sharing } from '@holdfast/protocol/key-shares.js';
import { shareRecord, type ShareRecord } from '@holdfast/protocol/file-records.js';
import { parse } from '@holdfast/protocol/schema.js';
import {
  checkShareRecord,
  combineShares,
  openShare,
  openShares,
  sealShares,
} from '@holdfast/protocol/share-record.js';
import { seededRandom } from '../support/property.ts';
import { refusalOf, refusalOfAsync } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const random = seededRandom();
const keys = { fileKey: random(32), fileSecret: random(32) };
const ownerId = random(32);
const fileId = random(32);
const scheme = { shareCount: 5, threshold: 3, privacy: 2 };
const sealedAtEpoch = 41;

type Recipient = Awaited<ReturnType<typeof newRecipient>>;

async function newRecipient(recipientId: Uint8Array) {
  const { publicKey, privateKey } = await hpkeKeyPair(random(32));
  return { recipientId, hpkeKey: publicKey, privateKey };
}

const sharingFor = (purpose: SharePurpose): Sharing => ({
  ...scheme,
  ownerId,
  fileId,
  generation: 1,
  purpose,
});

let owner: Recipient;
let organisations: Recipient[];
let own: ShareRecord;
let recovery: ShareRecord;

beforeAll(async () => {
  await ready();
  owner = await newRecipient(ownerId);
  organisations = await Promise.all(Array.from({ length: 5 }, () => newRecipient(random(32))));
  const toSelf = { recipients: [owner], sealedAtEpoch };
  own = await sealShares(keys, sharingFor('self'), toSelf, random);
  const toAll = { recipients: organisations, sealedAtEpoch };
  recovery = await sealShares(keys, sharingFor('recovery'), toAll, random);
});

/** A record as it arrives: JSON, parsed. */
const arrived = (record: unknown): ShareRecord =>
  parse(shareRecord, JSON.parse(JSON.stringify(record)), 'shares');

type Entry = ShareRecord['entries'][number];

const withEntry = (record: ShareRecord, at: number, change: Partial<Entry>): ShareRecord => ({
  ...record,
  entries: record.entries.map((entry, i) => (i === at ? { ...entry, ...change } : entry)),
});

const flippedText = (text: string, bit = 5) => base64url(flipped(fromBase64url(text), bit));

function entryOf(record: ShareRecord, at: number): Entry {
  const entry = record.entries[at];
  if (entry === undefined) throw new Error(`no entry ${at}`);
  return entry;
}

describe('shares sealed to their owner', () => {
  it('fit the record of the ledger, name their recipient once and take less than 2 KB', () => {
    expect(arrived(own)).toEqual(own);
    expect(own.recipientId).toBe(hex(ownerId));
    expect(own.entries.some((entry) => entry.recipientId !== undefined)).toBe(false);
    expect(JSON.stringify(own).length).toBeLessThan(2_048);
  });

  it('give the keys back from the record and the private key alone', async () => {
    expect(await openShares(arrived(own), ownerId, owner)).toEqual({ keys, bad: [] });
  });

  it.each([
    ['ciphertext', 0],
    ['enc', 2],
    ['commitment', 4],
  ] as const)('survive a damaged %s, and name its share', async (part, at) => {
    const damaged = withEntry(own, at, { [part]: flippedText(entryOf(own, at)[part]) });
    expect(await openShares(damaged, ownerId, owner)).toEqual({ keys, bad: [at + 1] });
  });

  it('with three of five damaged are too few, and all three are named', async () => {
    let damaged = own;
    for (const at of [0, 2, 3]) {
      damaged = withEntry(damaged, at, { ciphertext: flippedText(entryOf(own, at).ciphertext) });
    }
    const refusal = await refusalOfAsync(openShares(damaged, ownerId, owner));
    expect(refusal.code).toBe('SHARES_TOO_FEW');
    expect(refusal.detail).toContain('damaged: 1, 3, 4');
  });

  it('open only as what they were sealed as', async () => {
    const others: Partial<ShareRecord>[] = [
      { fileId: hex(random(32)) },
      { generation: 2 },
      { purpose: 'grant' },
      { shareCount: 6 },
      { threshold: 4, privacy: 3 },
      { sealedAtEpoch: 42 },
    ];
    for (const other of others) {
      const attempt = openShares({ ...own, ...other }, ownerId, owner);
      expect((await refusalOfAsync(attempt)).detail).toContain('damaged: 1, 2, 3, 4, 5');
    }
    const stranger = random(32);
    expect((await refusalOfAsync(openShares(own, stranger, owner))).detail).toContain('damaged: 1');
  });

  it('do not open at another place of the record', async () => {
    const entries = [entryOf(own, 1), entryOf(own, 0), ...own.entries.slice(2)];
    expect(await openShares({ ...own, entries }, ownerId, owner)).toEqual({ keys, bad: [1, 2] });
  });

  it('behind the all-or-nothing transform come back as well', async () => {
    const ramp: Sharing = { ...sharingFor('self'), shareCount: 7, threshold: 5, privacy: 1 };
    const record = await sealShares(keys, ramp, { recipients: [owner], sealedAtEpoch }, random);
    expect(() => checkShareRecord(arrived(record), hex(fileId))).not.toThrow();
    expect(await openShares(arrived(record), ownerId, owner)).toEqual({ keys, bad: [] });
  });
});

describe('shares sealed to the organisations of a consortium', () => {
  it('give no organisation the keys alone', async () => {
    const [first] = organisations;
    if (first === undefined) throw new Error('no organisation');
    const attempt = openShares(recovery, ownerId, first);
    expect((await refusalOfAsync(attempt)).detail).toBe('3 key shares needed, 1 match the ledger');
  });

  it('give the keys where three of them open theirs', async () => {
    const held = await Promise.all(
      [1, 3, 4].map((at) => openShare(recovery, at + 1, ownerId, organisations[at] ?? owner)),
    );
    expect(combineShares(held, recovery, ownerId)).toEqual({ keys, bad: [] });
  });

  it('are not opened by whom they are not for, or at a place that does not exist', async () => {
    const [first] = organisations;
    if (first === undefined) throw new Error('no organisation');
    for (const index of [2, 0, 6]) {
      const attempt = openShare(recovery, index, ownerId, first);
      expect((await refusalOfAsync(attempt)).code).toBe('NOT_ALLOWED');
    }
    const thief = { ...first, recipientId: organisations[1]?.recipientId ?? ownerId };
    const attempt = openShare(recovery, 2, ownerId, thief);
    expect((await refusalOfAsync(attempt)).code).toBe('SHARE_INVALID');
  });

  it('need one recipient, or one for each share', async () => {
    const two = { recipients: organisations.slice(0, 2), sealedAtEpoch };
    await expect(sealShares(keys, sharingFor('recovery'), two, random)).rejects.toThrow('bug: 2');
  });
});

describe('the ledger', () => {
  it('takes the records that the owner makes', () => {
    expect(() => checkShareRecord(arrived(own), hex(fileId))).not.toThrow();
    expect(() => checkShareRecord(arrived(recovery), hex(fileId))).not.toThrow();
  });

  it.each<[string, string, (record: ShareRecord) => unknown]>([
    ['of another file', '/fileId', (r) => ({ ...r, fileId: 'ab'.repeat(32) })],
    ['of generation 0', '/generation', (r) => ({ ...r, generation: 0 })],
    ['with a share too few', '/entries', (r) => ({ ...r, entries: r.entries.slice(1) })],
    ['without recipient', '/entries/0/recipientId', (r) => ({ ...r, recipientId: undefined })],
    [
      'with its recipient named twice',
      '/entries/1/recipientId',
      (r) => withEntry(r, 1, { recipientId: hex(ownerId) }),
    ],
    [
      'with its recipient named in every entry',
      '/entries',
      ({ recipientId, ...r }) => ({
        ...r,
        entries: r.entries.map((entry) => ({ ...entry, recipientId })),
      }),
    ],
    [
      'with a ciphertext one byte short',
      '/entries/3/ciphertext',
      (r) => withEntry(r, 3, { ciphertext: base64url(new Uint8Array(111)) }),
    ],
    [
      'with a ciphertext one byte long',
      '/entries/3/ciphertext',
      (r) => withEntry(r, 3, { ciphertext: base64url(new Uint8Array(113)) }),
    ],
    [
      'with two equal commitments',
      '/entries/1/commitment',
      (r) => withEntry(r, 1, { commitment: entryOf(r, 0).commitment }),
    ],
    [
      'with the point at infinity as commitment',
      '/entries/2/commitment',
      (r) =>
        withEntry(r, 2, { commitment: base64url(Uint8Array.from([0xc0, ...new Uint8Array(47)])) }),
    ],
    [
      'with a commitment off the curve',
      '/entries/2/commitment',
      (r) => withEntry(r, 2, { commitment: base64url(new Uint8Array(48).fill(0x81)) }),
    ],
  ])('refuses a record %s', (_, pointer, change) => {
    const record = arrived(change(own));
    const refusal = refusalOf(() => checkShareRecord(record, hex(fileId)));
    expect(refusal.code).toBe('INPUT_INVALID');
    expect(refusal.pointer).toBe(`/shares${pointer}`);
  });

  it.each([
    [5, 3, 3],
    [5, 2, 3],
    [5, 6, 5],
    [5, 5, 0],
  ])('refuses a record of (%d, %d, %d)', (shareCount, threshold, privacy) => {
    const record = { ...own, shareCount, threshold, privacy };
    const refusal = refusalOf(() => checkShareRecord(record, hex(fileId)));
    expect(refusal.code).toBe('INPUT_INVALID');
    expect(refusal.pointer).toBe('/shares/threshold');
  });
});
