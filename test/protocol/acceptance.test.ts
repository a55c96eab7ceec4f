import { describe, expect, it } from '@jest/globals';
import { acceptanceMessage, versionDigest } from '@holdfast/protocol/acceptance.js';
import { hex } from '@holdfast/protocol/bytes.js';
import type { FileVersion, Terms } from '@holdfast/protocol/file-records.js';
import { codeOf } from '../support/refusal.ts';

const fileId = '11'.repeat(32);
const version: FileVersion = {
  version: 1,
  blockCount: 3,
  blockSize: 65_536,
  root: '22'.repeat(32),
  nextUid: 3,
  base: {
    version: 1,
    firstUid: 0,
    blockCount: 3,
    nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
    taggedAt: 5,
  },
  editHead: '00'.repeat(32),
};
const terms: Terms = {
  providerId: 'Birch',
  nodes: ['birch-1', 'birch-2'],
  pricePerEpoch: '0',
  bond: '0',
  couponId: '00'.repeat(32),
  expiryEpoch: 9,
};
const accepted = {
  channel: 'holdfast',
  versionDigest: versionDigest(fileId, version),
  ownerId: '33'.repeat(32),
  tagKeyId: '44'.repeat(32),
  anchor: '55'.repeat(32),
  terms,
};

describe('the digest of a version', () => {
  it('changes with every field', () => {
    const changes: Partial<FileVersion>[] = [
      { version: 2 },
      { blockCount: 4 },
      { blockSize: 262_144 },
      { root: '23'.repeat(32) },
      { nextUid: 4 },
      { base: { ...version.base, version: 2 } },
      { base: { ...version.base, firstUid: 1 } },
      { base: { ...version.base, blockCount: 2 } },
      { base: { ...version.base, nonce: 'BAAAAAAAAAAAAAAAAAAAAA' } },
      { base: { ...version.base, taggedAt: 6 } },
      { editHead: '01'.repeat(32) },
    ];
    const digests = changes.map((change) => hex(versionDigest(fileId, { ...version, ...change })));
    const all = [hex(versionDigest(fileId, version)), hex(versionDigest('12'.repeat(32), version))];
    expect(new Set([...digests, ...all]).size).toBe(changes.length + 2);
    expect(new Set(changes.flatMap((change) => Object.keys(change)))).toEqual(
      new Set(Object.keys(version)),
    );
  });
});

describe('the message of an acceptance', () => {
  it('changes with every field, and with the order of nodes', () => {
    const changedTerms: Partial<Terms>[] = [
      { providerId: 'Alder' },
      { nodes: ['birch-2', 'birch-1'] },
      { nodes: ['birch-1'] },
      { nodes: ['birch-1birch-2'] },
      { pricePerEpoch: '1' },
      { bond: '1' },
      { couponId: '01'.repeat(32) },
      { expiryEpoch: 10 },
    ];
    const messages = [
      accepted,
      { ...accepted, channel: 'another' },
      { ...accepted, versionDigest: versionDigest(fileId, { ...version, version: 2 }) },
      { ...accepted, ownerId: '34'.repeat(32) },
      { ...accepted, tagKeyId: '45'.repeat(32) },
      { ...accepted, anchor: '56'.repeat(32) },
      ...changedTerms.map((change) => ({ ...accepted, terms: { ...terms, ...change } })),
    ].map((input) => hex(acceptanceMessage(input)));
    expect(new Set(messages).size).toBe(messages.length);
    expect(new Set(changedTerms.flatMap((change) => Object.keys(change)))).toEqual(
      new Set(Object.keys(terms)),
    );
  });
  it('refuses amounts above 64 bits and names the field', () => {
    const most = (2n ** 64n - 1n).toString();
    const more = (2n ** 64n).toString();
    expect(acceptanceMessage({ ...accepted, terms: { ...terms, bond: most } })).toHaveLength(32);
    for (const change of [{ bond: more }, { pricePerEpoch: more }]) {
      const input = { ...accepted, terms: { ...terms, ...change } };
      expect(codeOf(() => acceptanceMessage(input))).toBe('INPUT_INVALID');
      expect(() => acceptanceMessage(input)).toThrow(`/terms/${Object.keys(change)[0]}`);
    }
  });
});
