import { describe, expect, it } from '@jest/globals';
import { applyEdits, type EditedTree } from '@holdfast/protocol/block-edit.js';
import { base64url, concat, hex, lengthPrefixed, u32be, utf8 } from '@holdfast/protocol/bytes.js';
import { uidsOf } from '@holdfast/protocol/challenge.js';
import {
  EDIT_LOG_MAX,
  encodeEntry,
  nextEditHead,
  readEditLog,
  replayTree,
  sessionOf,
  type LogEntry,
} from '@holdfast/protocol/edit-log.js';
import type { FileVersion } from '@holdfast/protocol/file-records.js';
import { buildTree, leavesOf, topOf } from '@holdfast/protocol/rank-tree.js';
import { createHash } from 'node:crypto';
import {
  drawEdits,
  drawFrom,
  leafOf,
  newTree,
  onArray,
  type Draw,
} from '../support/edit-history.ts';
import { seededRandom } from '../support/property.ts';
import { codeOf, refusalOf } from '../support/refusal.ts';
import { flipped } from '../support/tamper.ts';

const random = seededRandom();

/** A file after `amendments`, as the ledger holds it and as an array holds it. */
function newHistory(draw: Draw, count: number, amendments: number) {
  const uids = Array.from({ length: count }, (_, uid) => uid);
  const nonceOf = new Map<number, string>();
  const base = {
    version: 1,
    firstUid: 0,
    blockCount: count,
    nonce: base64url(random(16)),
    taggedAt: 7,
  };
  const entries: Uint8Array[] = [];
  let head: Uint8Array = new Uint8Array(32);
  let now: EditedTree = newTree(count);
  for (let i = 0; i < amendments; i++) {
    const { nextUid } = now;
    const edits = drawEdits(draw, 1 + draw(4), { count: uids.length, nextUid });
    const entry: LogEntry = {
      nonce: random(16),
      taggedAt: i,
      edits: onArray(uids, edits, nextUid),
    };
    now = applyEdits(now, edits);
    for (let uid = nextUid; uid < now.nextUid; uid++) nonceOf.set(uid, hex(entry.nonce));
    entries.push(encodeEntry(entry));
    head = nextEditHead(head, 2 + i, encodeEntry(entry));
  }
  const version: FileVersion = {
    version: 1 + amendments,
    blockCount: uids.length,
    blockSize: 262_144,
    root: '00'.repeat(32),
    nextUid: now.nextUid,
    base,
    editHead: hex(head),
  };
  return {
    file: { fileId: '11'.repeat(32), ...version },
    evidence: concat(...entries),
    entries,
    uids,
    nonceOf,
    tree: now.tree,
  };
}

const histories = (count: number) => {
  const draw = drawFrom(random);
  return Array.from({ length: count }, () => newHistory(draw, 1 + draw(60), draw(12)));
};

describe('the log of edits', () => {
  it('is laid out as specified, 37 bytes for an edit of one block', () => {
    const nonce = new Uint8Array(16).fill(0xaa);
    const edits = [{ kind: 'delete', position: 258, killedUid: 3 }] as const;
    const entry = encodeEntry({ nonce, taggedAt: 513, edits });
    expect(hex(entry)).toBe(
      `${'aa'.repeat(16)}0000000000000201${'00000001'}${'02'}0000010200000003`,
    );
    expect(entry).toHaveLength(37);
    const preimage = concat(
      lengthPrefixed('holdfast/v1/edit'),
      new Uint8Array(32),
      u32be(2),
      lengthPrefixed(entry),
    );
    const expected = createHash('sha256').update(preimage).digest('hex');
    expect(hex(nextEditHead(new Uint8Array(32), 2, entry))).toBe(expected);
  });

  it('gives, in 300 random histories, the live ids and the session of each, and replays the tree', () => {
    for (const { file, evidence, uids, nonceOf, tree } of histories(300)) {
      const log = readEditLog(file, evidence);
      const ranks = uids.map((_, rank) => rank);
      const live = uidsOf(ranks, file.base.firstUid, log.dead);
      expect(live).toEqual(uids.toSorted((a, b) => a - b));
      const nonces = live.map((uid) => base64url(sessionOf(log.sessions, uid).nonce));
      expect(nonces).toEqual(
        live.map((uid) => {
          const own = nonceOf.get(uid);
          return own === undefined ? file.base.nonce : base64url(Buffer.from(own, 'hex'));
        }),
      );
      const isLive = new Set(uids);
      const known = (uid: number) => (isLive.has(uid) ? leafOf(uid) : undefined);
      expect(hex(topOf(replayTree(file.base, log, known)))).toBe(hex(topOf(tree)));
    }
  });

  it('is refused with random bits changed in 300 random histories', () => {
    const draw = drawFrom(random);
    const codes = new Set<string>();
    for (const { file, evidence } of histories(300)) {
      if (evidence.length === 0) continue;
      for (let i = 0; i < 4; i++) {
        const changed = flipped(evidence, draw(8 * evidence.length));
        codes.add(codeOf(() => readEditLog(file, changed)));
      }
    }
    expect([...codes]).toEqual(['PROOF_INVALID']);
  });

  it('is refused with any bit changed, cut off anywhere, reordered, repeated or of another file', () => {
    const { file, evidence, entries } = newHistory(drawFrom(random), 20, 5);
    const [first, second, ...rest] = entries;
    if (first === undefined || second === undefined) throw new Error('two entries');
    const attempts = [
      ...Array.from({ length: 8 * evidence.length }, (_, bit) => flipped(evidence, bit)),
      ...Array.from({ length: evidence.length }, (_, length) => evidence.slice(0, length)),
      concat(second, first, ...rest),
      concat(evidence, first),
      concat(evidence, Uint8Array.of(0)),
      newHistory(drawFrom(random), 20, 5).evidence,
    ];
    const codes = new Set(attempts.map((one) => codeOf(() => readEditLog(file, one))));
    expect([...codes]).toEqual(['PROOF_INVALID']);
    expect(readEditLog(file, evidence).entries).toHaveLength(5);
  });

  it('fits one version only', () => {
    const { file, evidence } = newHistory(drawFrom(random), 20, 5);
    const others: Partial<FileVersion>[] = [
      { version: file.version + 1 },
      { blockCount: file.blockCount + 1 },
      { nextUid: file.nextUid + 1 },
      { base: { ...file.base, version: 2 } },
      { base: { ...file.base, blockCount: 21 } },
      { base: { ...file.base, firstUid: 1 } },
      { editHead: '00'.repeat(32) },
    ];
    const codes = others.map((other) => codeOf(() => readEditLog({ ...file, ...other }, evidence)));
    expect(codes).toEqual(others.map(() => 'PROOF_INVALID'));
  });

  it('of a file that was never edited is empty', () => {
    const { file } = newHistory(drawFrom(random), 9, 0);
    const log = readEditLog(file, new Uint8Array());
    expect(log).toMatchObject({ entries: [], dead: [] });
    expect(log.sessions).toHaveLength(1);
  });

  it('beyond 64 KiB is refused before anything is read', () => {
    const { file } = newHistory(drawFrom(random), 9, 0);
    const large = new Uint8Array(EDIT_LOG_MAX + 1);
    expect(codeOf(() => readEditLog(file, large))).toBe('TOO_LARGE');
  });

  it('with an entry of no edits or of more than 256 is refused', () => {
    const { file } = newHistory(drawFrom(random), 300, 0);
    for (const count of [0, 257]) {
      const edit = { kind: 'update', position: 0, killedUid: 0 } as const;
      const edits = Array.from({ length: count }, () => edit);
      const entry = encodeEntry({ nonce: random(16), taggedAt: 0, edits });
      expect(refusalOf(() => readEditLog(file, entry)).message).toContain('malformed at byte 0');
    }
  });
});

describe('the shape of a tree', () => {
  it('depends on its history: the blocks alone give another root, the log gives the true one', () => {
    const { file, evidence, tree } = newHistory(drawFrom(seededRandom(5)), 100, 12);
    const leaves = [...leavesOf(tree)];
    expect(hex(topOf(buildTree(leaves)))).not.toBe(hex(topOf(tree)));

    const known = new Map(leaves.map((leaf) => [leaf.uid, leaf]));
    const log = readEditLog(file, evidence);
    const replayed = replayTree(file.base, log, (uid) => known.get(uid));
    expect(hex(topOf(replayed))).toBe(hex(topOf(tree)));
  });

  it('is not replayed over blocks that the log does not fit', () => {
    const { file } = newHistory(drawFrom(random), 5, 0);
    const edits = [{ kind: 'delete', position: 0, killedUid: 4 }] as const;
    const entries = [{ nonce: random(16), taggedAt: 0, edits }];
    const log = { entries, sessions: [], dead: [4] };
    expect(codeOf(() => replayTree(file.base, log, leafOf))).toBe('PROOF_INVALID');
  });
});

describe('a session', () => {
  it('is the latest one that began at or before an id, even where one brought no block', () => {
    const fileId = utf8('f'.repeat(32));
    const sessions = [0, 10, 10, 12].map((firstUid, i) => ({
      fileId,
      firstUid,
      nonce: Uint8Array.of(i),
      taggedAt: i,
    }));
    const found = [0, 9, 10, 11, 12, 99].map((uid) => sessionOf(sessions, uid).taggedAt);
    expect(found).toEqual([0, 0, 2, 2, 3, 3]);
  });
});
