/** What people read of their files: lists, states, verdicts. */
import { describe, expect, it } from '@jest/globals';
import type { AuditItem, FileStatus } from '@holdfast/protocol/file-messages.js';
import { nowText, verdictText } from '../../client/src/cli/audit.ts';
import { listingText } from '../../client/src/cli/ls.ts';
import { statusText } from '../../client/src/cli/status.ts';
import { clockText } from '../../client/src/cli/words.ts';
import type { Listed } from '../../client/src/listing.ts';
import type { OwnStatus } from '../../client/src/status.ts';

const SLOT = 30;

const listed = (changes: Partial<Listed> = {}): Listed => ({
  fileId: '87598e'.padEnd(64, '0'),
  name: 'letter',
  size: 3_000_000,
  version: 1,
  blocks: 13,
  nodes: ['birch-1', 'birch-2', 'birch-3'],
  state: 'intact',
  lastVerdict: 'intact',
  dueFrom: 8,
  lastEpoch: 7,
  epoch: 9,
  lastVerdictAt: null,
  safe: true,
  ...changes,
});
const listOf = (storing: number, ...files: readonly Listed[]): readonly string[] =>
  listingText({ files, storing, slotSeconds: SLOT }).split('\n');

describe('a list', () => {
  it('of nothing says how to begin, or what is on its way', () => {
    expect(listOf(0)).toEqual(['No files yet. Store one: holdfast put FILE']);
    expect(listOf(2)).toEqual(['2 files being stored']);
  });

  it('has a line for each file, and counts what is not on the ledger yet', () => {
    const lines = listOf(1, listed(), listed({ name: 'photo', size: 10, nodes: ['birch-1'] }));
    expect(lines).toEqual([
      'NAME    SIZE     REPLICAS  LAST VERDICT      STATE',
      'letter  2.9 MiB  3         ✓ intact 1 m ago  intact',
      'photo   10 B     1         ✓ intact 1 m ago  intact',
      '2 files · 1 file being stored',
    ]);
  });

  it('keeps a file whose name cannot be opened', () => {
    const [, line] = listOf(0, listed({ name: undefined, size: undefined }));
    expect(line).toMatch(/^\(87598e, name not readable\) {2}\? {5}3/);
  });

  it('says by when a new file is audited, and where bytes are safe in spite of bad news', () => {
    const fresh = listed({ state: 'awaiting-audit', lastVerdict: null, dueFrom: 10, epoch: 9 });
    const times = [clockText(2 * SLOT)];
    const lines = listOf(
      0,
      fresh,
      listed({ state: 'damaged' }),
      listed({ state: 'lost', safe: false }),
    );
    times.push(clockText(2 * SLOT)); // a minute may have begun meanwhile
    expect(times.some((time) => lines[1]?.endsWith(` awaiting audit, by ${time}`))).toBe(true);
    expect(lines[2]).toMatch(/ damaged; your bytes are safe$/);
    expect(lines[3]).toMatch(/ lost$/);
    const [, ended] = listOf(0, { ...fresh, dueFrom: null });
    expect(ended).toMatch(/ awaiting audit$/);
  });
});

const ID = '87598e'.padEnd(64, '0');
const told = (changes: Partial<FileStatus> = {}): FileStatus => ({
  fileId: ID,
  version: 1,
  blocks: 13,
  blockSize: 262_144,
  state: 'damaged',
  safe: true,
  epoch: 9,
  lastAudit: 7,
  replicas: [],
  damagedBlocks: [],
  ...changes,
});
const own = (changes: Partial<OwnStatus> = {}): OwnStatus => ({
  ...listed(),
  assurance: { sampled: 13, auditsPerDay: 720, lostEverywhere: 1, lostOnOneNode: 0.99999 },
  shares: { count: 5, threshold: 3, readable: 4 },
  pricePerEpoch: '2',
  root: 'cd'.repeat(32),
  slotSeconds: SLOT,
  told: told(),
  ...changes,
});
const linesOf = (status: OwnStatus, isVerbose = false): readonly string[] =>
  statusText(status, isVerbose).split('\n');

describe('the status of a file', () => {
  it('is one line each of state, replicas, audits, chances, keys and money', () => {
    const lines = linesOf(own());
    expect(lines).toEqual([
      'letter  87598e  version 1  ✓ intact 1 m ago',
      '  replicas   birch-1 …   birch-2 …   birch-3 …',
      '  audits     13 of 13 blocks each; epoch 9',
      '  assurance  one lost block is found within a day: 100.0 % if lost everywhere, > 99.9 % if on one node',
      '  keys       4 of 5 shares readable, any 3 suffice',
      '  money      2 an epoch',
    ]);
    expect(linesOf(own(), true).slice(-2)).toEqual([
      `  root       ${'cd'.repeat(32)}`,
      `  id         ${ID}`,
    ]);
  });

  it('names each replica with its verdict, and its age where that is known', () => {
    const at = new Date(Date.now() - 300_000).toISOString();
    const replicas = [
      { node: 'birch-1', verdict: 'damaged' as const, at, transactionId: null },
      { node: 'birch-2', verdict: 'intact' as const, at: null, transactionId: null },
      { node: 'birch-3', verdict: null, at: null, transactionId: null },
    ];
    const [head, line] = linesOf(own({ state: 'repairing', told: told({ replicas }) }));
    expect(head).toMatch(/ ↻ repairing · last ✓ intact 1 m ago$/);
    expect(line).toBe('  replicas   birch-1 ✕ 5 m ago   birch-2 ✓   birch-3 …');
  });

  it('names eight damaged blocks and counts the others, without those that were repaired', () => {
    const damaged = (uid: number) => ({ uid, node: 'birch-1', repairedAt: null });
    const repaired = { uid: 40, node: 'birch-1', repairedAt: '2027-01-01T00:00:00.000Z' };
    const many = [repaired, ...Array.from({ length: 10 }, (_, uid) => damaged(uid))];
    const [, , line = ''] = linesOf(own({ told: told({ damagedBlocks: many }) }));
    expect(line).toMatch(
      /^ {2}damage {5}block 0 on birch-1, .*7 on birch-1 and 2 more; your bytes/,
    );
    expect(line).not.toContain('40');
    const lost = told({ damagedBlocks: [damaged(3)], safe: false });
    const [, , only] = linesOf(own({ told: lost }));
    expect(only).toBe('  damage     block 3 on birch-1; no other replica is known to be whole');
  });

  it('is told from the ledger alone where the gateway says nothing', () => {
    const lines = linesOf(own({ told: undefined }));
    expect(lines[1]).toBe('  replicas   birch-1 …   birch-2 …   birch-3 …');
    expect(lines[2]).toMatch(/^ {2}audits/);
  });
});

describe('an answer to a challenge', () => {
  const now = { node: 'birch-1', sampled: 13, durationMs: 120, damagedUids: [] };
  const item: AuditItem = {
    auditId: `${ID}.18`,
    epoch: 18,
    node: 'birch-1',
    delegate: 'Alder',
    sampled: 13,
    blocks: 1_300,
    verdict: 'intact',
    independent: true,
    damagedUids: [],
    at: null,
    transactionId: '419a72'.padEnd(64, '0'),
    ledgerBlockNumber: 92,
  };

  it('names the node, the blocks and the time it took', () => {
    expect(nowText({ ...now, verdict: 'intact' }, 1_300)).toBe(
      '  now     13 of 1,300 blocks · birch-1 …  ✓ intact  0.1 s  by equation (5)',
    );
    const damagedUids = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    expect(nowText({ ...now, verdict: 'damaged', damagedUids }, 13)).toMatch(
      /✕ damaged .* block 1, 2, 3, 4, 5, 6, 7, 8 and 2 more$/,
    );
  });

  it('of the ledger names whose beacon chose, the transaction, and who stood on both sides', () => {
    const start = "  ledger  13 of 1,300 blocks, chosen by Dana's beacon 18 · birch-1 …  ";
    expect(verdictText(item, 'Dana')).toBe(`${start}✓ intact  tx 419a72`);
    const alone = { ...item, transactionId: null, independent: false, damagedUids: [4] };
    expect(verdictText({ ...alone, verdict: 'damaged' }, 'Dana')).toBe(
      `${start}✕ damaged  block 4  not independent: one organisation stood on both sides`,
    );
  });
});
