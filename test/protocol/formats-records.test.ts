/**
 * Trees, tag keys, versions, shares and beacons against a second implementation, in Python, that was written from
 * `protocol/README.md`: where one of these tests fails, code and specification say different things.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { acceptanceMessage, versionDigest } from '@holdfast/protocol/acceptance.js';
import { unwrap, wrap } from '@holdfast/protocol/all-or-nothing.js';
import {
  beaconMessage,
  configDigest,
  genesisBeacon,
  nextBeacon,
} from '@holdfast/protocol/beacon.js';
import { applyEdits, type BlockEdit } from '@holdfast/protocol/block-edit.js';
import { fromHex, hex, u32be } from '@holdfast/protocol/bytes.js';
import { collide, verifyOpening } from '@holdfast/protocol/chameleon.js';
import { ready } from '@holdfast/protocol/curve.js';
import { readEditLog, replayTree } from '@holdfast/protocol/edit-log.js';
import { fileRoot } from '@holdfast/protocol/file-root.js';
import { combineKeys, splitKeys } from '@holdfast/protocol/key-shares.js';
import { DST } from '@holdfast/protocol/labels.js';
import { amendTree, provePartialTree } from '@holdfast/protocol/partial-tree.js';
import { platform } from '@holdfast/protocol/platform/node.js';
import { buildTree, topOf } from '@holdfast/protocol/rank-tree.js';
import { checkShareRecord, openShares } from '@holdfast/protocol/share-record.js';
import { provePossession, publicKeyOf, sign } from '@holdfast/protocol/signature.js';
import { newTagKeyRecord, publicTable, verifyTagKey } from '@holdfast/protocol/tag-key.js';
import { base64, formats, scalarOf } from '../support/formats.ts';

beforeAll(ready);

const blockOf = (uid: number) => ({ length: 1_000 + uid, digest: platform.sha256(u32be(uid)) });
const leafOf = (uid: number) => ({ uid, ...blockOf(uid) });
const treeOf = (count: number) => buildTree(Array.from({ length: count }, (_, i) => leafOf(i)));

describe('trees', () => {
  const salt = fromHex(formats.histories.salt);

  it.each(formats.histories.cases)(
    'have one shape and one log after a history: from $blocks blocks',
    (expected) => {
      let uid = expected.blocks;
      const edits = expected.edits.map((text): BlockEdit => {
        const [kind, at] = text.split(' ');
        const position = Number(at);
        if (kind === 'delete') return { kind, position };
        return { kind: kind === 'insert' ? kind : 'update', position, block: blockOf(uid++) };
      });
      const before = { tree: treeOf(expected.blocks), nextUid: expected.blocks };
      const after = applyEdits(before, edits);
      const count = after.tree?.count ?? 0;
      expect([count, after.nextUid]).toEqual([expected.count, expected.nextUid]);
      expect(hex(topOf(after.tree))).toBe(expected.top);
      expect(hex(fileRoot(salt, count, topOf(after.tree)))).toBe(expected.root);

      const base = {
        version: 1,
        firstUid: 0,
        blockCount: expected.blocks,
        nonce: base64('00'.repeat(16)),
        taggedAt: 0,
      };
      const { version, editHead, root, nextUid } = expected;
      const file = { version, editHead, root, nextUid, base, blockCount: count };
      const record = { ...file, fileId: '00'.repeat(32), blockSize: 65_536 } as const;
      const log = readEditLog(record, fromHex(expected.log));
      expect(log.entries.flatMap((entry) => entry.edits)).toEqual(after.logged);
      expect(hex(topOf(replayTree(base, log, leafOf)))).toBe(expected.top);
    },
  );

  it('have one partial tree for an update', () => {
    const expected = formats.partialTree;
    const edits: BlockEdit[] = [{ kind: 'update', position: 13, block: blockOf(20) }];
    const proof = provePartialTree({ tree: treeOf(20), nextUid: 20 }, edits);
    expect(hex(proof)).toBe(expected.proof);
    const before = { root: fromHex(expected.before), blockCount: 20, nextUid: 20 };
    const after = amendTree(before, fromHex(expected.salt), proof, edits);
    expect(hex(after.root)).toBe(expected.after);
  });
});

describe('what the ledger binds', () => {
  it('is one tag key, with the same proofs of possession', () => {
    const expected = formats.tagKey;
    const key = { x: scalarOf(expected.x), alpha: scalarOf(expected.alpha) };
    const table = publicTable(key.alpha, 4);
    const { channel, ownerId } = expected;
    const { tagKey, tagKeyId } = newTagKeyRecord(key, table, { channel, ownerId });
    expect(hex(table)).toBe(expected.table);
    expect(tagKeyId).toBe(expected.tagKeyId);
    const announced = {
      x: base64(expected.X),
      xAlpha: base64(expected.XAlpha),
      tableDigest: expected.tableDigest,
      sectorsMax: 4,
      possessionX: base64(expected.possessionX),
      possessionXAlpha: base64(expected.possessionXAlpha),
    };
    expect(tagKey).toEqual(announced);
    expect(() => verifyTagKey({ channel, ownerId, tagKey: announced })).not.toThrow();
  });

  const { fileId, versions, acceptance, chameleon, possession } = formats.versions;
  const digestOf = ({ version }: (typeof versions)[number]) => {
    const base = { ...version.base, nonce: base64(version.base.nonce) };
    return versionDigest(fileId, { ...version, base });
  };

  it('is one digest a version, and one acceptance', () => {
    expect(versions.map((one) => hex(digestOf(one)))).toEqual(versions.map(({ digest }) => digest));
    const { message, secret, publicKey, signature, ...parts } = acceptance;
    const digest = fromHex(versions[0]?.digest ?? '');
    const found = acceptanceMessage({ versionDigest: digest, ...parts });
    expect(hex(found)).toBe(message);
    expect(hex(publicKeyOf(scalarOf(secret)))).toBe(publicKey);
    expect(hex(sign(scalarOf(secret), found, DST.acceptance))).toBe(signature);
  });

  it('is one chameleon leaf, opened to one version and to the next', () => {
    const { key, hash, r, s, second, trapdoor, random } = chameleon;
    const leaf = { chameleonKey: base64(key), chameleonHash: base64(hash) };
    const opening = { r: base64(r), s: base64(s) };
    const next = { r: base64(second.r), s: base64(second.s) };
    const [first, other] = versions.map(digestOf);
    expect(verifyOpening({ ...leaf, opening }, first ?? new Uint8Array())).toBe(true);
    const message = other ?? new Uint8Array();
    expect(verifyOpening({ ...leaf, opening: next }, message)).toBe(true);
    expect(verifyOpening({ ...leaf, opening }, message)).toBe(false);
    expect(collide(scalarOf(trapdoor), fromHex(hash), message, () => fromHex(random))).toEqual(
      next,
    );
  });

  it('is one proof of possession an announced key and role', () => {
    const { channel, mspId, provider, delegate } = possession;
    const secret = scalarOf(acceptance.secret);
    expect(hex(provePossession(secret, 'possession-provider', mspId, channel))).toBe(provider);
    expect(hex(provePossession(secret, 'possession-delegate', mspId, channel))).toBe(delegate);
  });
});

describe('key shares', () => {
  it.each(formats.shares)(
    'are the same, named the same, and open: ($shareCount, $threshold, $privacy)',
    async (expected) => {
      const { generation, purpose, shareCount, threshold, privacy, sealedAtEpoch } = expected;
      const scheme = { generation, purpose, shareCount, threshold, privacy };
      const [ownerId, fileId] = [fromHex(expected.ownerId), fromHex(expected.fileId)];
      const keys = {
        fileKey: fromHex(expected.fileKey),
        fileSecret: fromHex(expected.fileSecret),
      };
      const sharing = { ...scheme, ownerId, fileId };
      const shares = splitKeys(keys, sharing);
      expect(shares.map(({ keyShare }) => hex(keyShare))).toEqual(expected.keyShares);
      expect(shares.map(({ macShare }) => hex(macShare))).toEqual(expected.macShares);
      expect(shares.map(({ commitment }) => hex(commitment))).toEqual(expected.commitments);

      const theirs = expected.keyShares.map((keyShare, i) => ({
        index: i + 1,
        keyShare: fromHex(keyShare),
        macShare: fromHex(expected.macShares[i] ?? ''),
      }));
      const commitments = expected.commitments.map((point) => fromHex(point));
      expect(combineKeys(theirs.slice(-threshold), commitments, sharing).keys).toEqual(keys);

      const entries = expected.entries.map(({ enc, ciphertext }, i) => ({
        enc: base64(enc),
        ciphertext: base64(ciphertext),
        commitment: base64(expected.commitments[i] ?? ''),
      }));
      const recipientId = expected.ownerId;
      const named = { fileId: expected.fileId, recipientId, entries, sealedAtEpoch };
      const record = { ...scheme, ...named };
      expect(() => checkShareRecord(record, expected.fileId)).not.toThrow();
      const opener = { recipientId: ownerId, privateKey: fromHex(expected.hpkePrivate) };
      expect(await openShares(record, ownerId, opener)).toEqual({ keys, bad: [] });
    },
  );

  it('pass one all-or-nothing transform', () => {
    const expected = formats.allOrNothing;
    expect(hex(wrap(fromHex(expected.secret)))).toBe(expected.package);
    expect(hex(unwrap(fromHex(expected.package)))).toBe(expected.secret);
  });
});

describe('beacons', () => {
  it('are one chain from one configuration', () => {
    const { channel, config, genesis, secret, chain, ...digests } = formats.beacons;
    expect(hex(configDigest(config))).toBe(digests.configDigest);
    expect(hex(genesisBeacon(channel, config))).toBe(genesis);
    let previous = fromHex(genesis);
    for (const { epoch, message, signature, value } of chain) {
      const signed = beaconMessage(channel, epoch, previous);
      expect(hex(signed)).toBe(message);
      expect(hex(sign(scalarOf(secret), signed, DST.beacon))).toBe(signature);
      previous = nextBeacon(previous, epoch, fromHex(signature));
      expect(hex(previous)).toBe(value);
    }
  });
});
