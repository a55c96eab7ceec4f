/**
 * Due rule, challenges and proofs against a second implementation, in Python, that was written from
 * `protocol/README.md`: where one of these tests fails, code and specification say different things.
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { challengeOf, drawnNode, isDue, rhoOf } from '@holdfast/protocol/audit.js';
import { concat, fromHex, hex, integer, u32be, u64be } from '@holdfast/protocol/bytes.js';
import { sampleSize } from '@holdfast/protocol/challenge.js';
import { ready } from '@holdfast/protocol/curve.js';
import { encodeScalar } from '@holdfast/protocol/scalar.js';
import { platform } from '@holdfast/protocol/platform/node.js';
import { verifyAnswer, verifyEquation5 } from '@holdfast/protocol/proof.js';
import { combine, prove } from '@holdfast/protocol/prover.js';
import { decodeTable } from '@holdfast/protocol/tag-key.js';
import { transcript } from '@holdfast/protocol/hash.js';
import { dueRecord, fileRecord } from '../support/audit-records.ts';
import { base64, formats } from '../support/formats.ts';
import { flipped } from '../support/tamper.ts';

beforeAll(ready);

describe('the due rule', () => {
  const epochs = Array.from({ length: 60 }, (_, epoch) => epoch);
  const beacons = new Map(epochs.map((e) => [e, hex(transcript('beacon', u32be(e)))]));

  it.each(formats.due.cases)('opens the same challenges on the same nodes: case %#', (expected) => {
    const { due, ask, nodes, dueIn, drawn } = expected;
    const state = { file: fileRecord(expected.file), due, ask, placement: { nodes } };
    const { config } = formats.beacons;
    const open = epochs.slice(1, 50).filter((epoch) => isDue({ state, epoch, beacons, config }));
    expect(open).toEqual(dueIn);
    const named = epochs
      .slice(1, 9)
      .map((epoch) => drawnNode(state, epoch, beacons.get(epoch) ?? ''));
    expect(named).toEqual(drawn);
  });
});

describe('challenges', () => {
  const { cases, channel, epoch, beacon, ...ofFile } = formats.challenges;

  it('sample the same numbers of blocks', () => {
    const found = Object.keys(formats.sampleSizes).map((n) => [n, sampleSize(Number(n))]);
    expect(Object.fromEntries(found)).toEqual(formats.sampleSizes);
  });

  it.each(cases)('draw the same blocks and coefficients: $count of $blockCount', (expected) => {
    const { blockCount, firstUid, dead, conceded, blocks } = expected;
    const base = { ...fileRecord().base, firstUid };
    const file = fileRecord({ ...ofFile, blockCount, base });
    const ask = blocks === null ? null : { fromEpoch: epoch, node: null, blocks };
    const due = dueRecord({ uids: conceded });
    const found = challengeOf({ channel, epoch, beacon, file, due, ask, dead });
    const coefficients = found.coefficients.map((one) => integer(one, 16));
    expect(hex(found.seed)).toBe(expected.seed);
    expect(found.uids.slice(0, 200)).toEqual(expected.uids);
    expect(hex(platform.sha256(...found.uids.map(u64be)))).toBe(expected.uidsDigest);
    expect(hex(platform.sha256(...coefficients))).toBe(expected.coefficientsDigest);
  });
});

describe('proofs', () => {
  const { channel, epoch, beacon, providerId, groups } = formats.answer;
  const question = { channel, epoch, beacon, providerId };

  const ofGroup = (group: (typeof groups)[number]) => {
    const tagKey = {
      tagKeyId: group.tagKeyId,
      x: base64(group.X),
      xAlpha: base64(group.XAlpha),
    };
    const files = group.files.map((stored) => {
      const blockCount = stored.blocks.length;
      const { taggedAt } = stored;
      const nonce = base64(stored.nonce);
      const base = { version: 1, firstUid: 0, blockCount, nonce, taggedAt };
      const { fileId, root } = stored;
      const file = fileRecord({ fileId, root, providerId, blockCount, base });
      const challenge = challengeOf({ channel, epoch, beacon, file, due: null, ask: null });
      expect(hex(challenge.seed)).toBe(stored.seed);
      expect(challenge.uids).toEqual(stored.uids);
      return {
        file,
        challenge,
        block: async (uid: number) => fromHex(stored.blocks[uid] ?? ''),
        tag: async (uid: number) => fromHex(stored.tags[uid] ?? ''),
      };
    });
    return { tagKey, files, proof: fromHex(group.proof), table: decodeTable(fromHex(group.table)) };
  };

  it('are the same 128 bytes, at the same rho', async () => {
    for (const group of groups) {
      const { files, table } = ofGroup(group);
      const { tagKeyId } = group;
      const rho = rhoOf({ channel, epoch, beacon, providerId, tagKeyId });
      expect(hex(encodeScalar(rho))).toBe(group.rho);
      expect(hex(await prove({ table, rho, files }))).toBe(group.proof);
    }
  });

  it('hold together, of two owners, and not with one bit changed', () => {
    const answered = groups.map(ofGroup);
    expect(verifyAnswer({ ...question, groups: answered })).toBe(true);
    const tampered = answered.map((group, i) =>
      i === 1 ? { ...group, proof: flipped(group.proof, 8 * 79) } : group,
    );
    expect(verifyAnswer({ ...question, groups: tampered })).toBe(false);
  });

  it('hold by equation (5) with the same combination, and not with one bit changed', async () => {
    for (const group of groups) {
      const { tagKey, files, table } = ofGroup(group);
      const combined = await combine(files, table.length);
      expect(hex(concat(combined.combinedTag))).toBe(group.proof.slice(0, 96));
      expect(hex(combined.combinedBlock)).toBe(group.combinedBlock);
      const combinedBlock = fromHex(group.combinedBlock);
      const claim = { ...combined, tagKey, table, files };
      expect(verifyEquation5({ ...claim, combinedBlock })).toBe(true);
      expect(verifyEquation5({ ...claim, combinedBlock: flipped(combinedBlock, 8 * 31) })).toBe(
        false,
      );
    }
  });
});
