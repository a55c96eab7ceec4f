/** The monitor over a ledger whose events a test makes, down to a ledger that cannot be asked and one that breaks off. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Ledger, LedgerEvent, LedgerSession } from '../../gateway/src/ledger/ledger.ts';
import { newLog } from '../../gateway/src/log.ts';
import { openMonitor, type Monitor } from '../../gateway/src/monitor/monitor.ts';
import { watchNodes } from '../../gateway/src/monitor/watch-nodes.ts';
import { openStore, type Store } from '../../gateway/src/store.ts';

const FILE = 'f1'.repeat(32);
const OWNER = 'a1'.repeat(32);
const OTHER = 'b2'.repeat(32);
const TRANSACTION = 'cd'.repeat(32);
const NOW = '2027-01-01T00:00:00.000Z';

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-monitor-'));
  store = await openStore(folder);
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

type Happening = {
  [N in LedgerEvent['name']]: Pick<Extract<LedgerEvent, { name: N }>, 'name' | 'payload'>;
}[LedgerEvent['name']];

/** A monitor that has seen these events, one a ledger block; then they end, or break off. */
async function follow(
  happenings: readonly Happening[],
  {
    broken,
    time = async () => ({ at: NOW }),
    from = 1,
  }: { broken?: Error; time?: () => Promise<unknown>; from?: number } = {},
): Promise<Monitor> {
  const monitor = await opened({
    async *events() {
      for (const [i, happening] of happenings.entries()) {
        yield {
          ...happening,
          transactionId: TRANSACTION,
          ledgerBlockNumber: from + i,
        } as LedgerEvent;
      }
      if (broken !== undefined) throw broken;
    },
    transaction: time as Ledger['transaction'],
  });
  await monitor.run(new AbortController().signal);
  return monitor;
}

function opened(ledger: Partial<Ledger> = {}): Promise<Monitor> {
  const placement = { nodes: ['birch-1', 'birch-2'] };
  const agent = { evaluate: async () => ({ placement }) } as unknown as LedgerSession;
  const nowMs = () => Date.parse(NOW);
  return openMonitor({ ledger: ledger as Ledger, agent, store, log: newLog('silent'), nowMs });
}

const registered = (fileId = FILE, ownerId = OWNER): Happening => ({
  name: 'FileRegistered',
  payload: { fileId, ownerId, providerId: 'Birch', version: 1, root: FILE, epoch: 1 },
});
const audit = (epoch: number, changes: Partial<AuditRecord> = {}): AuditRecord =>
  ({
    fileId: FILE,
    epoch,
    node: 'birch-1',
    verdict: 'intact',
    sampled: 3,
    uids: [],
    ...changes,
  }) as AuditRecord;
const answered = (...audits: AuditRecord[]): Happening => ({
  name: 'AuditsAnswered',
  payload: { audits },
});
const conceded = (epoch: number, ...uids: number[]): Happening => ({
  name: 'AuditConceded',
  payload: { audit: audit(epoch, { verdict: 'damaged', uids }) },
});

const eventsOf = async (monitor: Monitor, ownerId = OWNER, after?: string) =>
  (await monitor.alertsOf(ownerId, { limit: 100, ...(after === undefined ? {} : { after }) })).map(
    ({ event }) => event,
  );

describe('what the ledger tells', () => {
  it('becomes one alert each, in order, and is kept over a restart', async () => {
    const monitor = await follow([registered(), conceded(3, 1, 2), answered(audit(4))]);
    const expected = [
      'FileRegistered',
      'VerdictReached',
      'FileDamaged',
      'VerdictReached',
      'FileRepaired',
    ];
    expect(await eventsOf(monitor)).toEqual(expected);
    expect(monitor.damagedOn('birch-1')).toBe(0);
    const again = await opened();
    expect(await eventsOf(again)).toEqual(expected);
    expect(again.file(FILE)).toEqual(monitor.file(FILE));
    const alerts = await again.alertsOf(OWNER, { limit: 2 });
    expect(await eventsOf(again, OWNER, alerts[1]?.id)).toEqual(expected.slice(2));
  });

  it('counts damage on a node until a verdict covers it, and nothing on others', async () => {
    const monitor = await follow([registered(), conceded(3, 1, 2)]);
    expect([monitor.damagedOn('birch-1'), monitor.damagedOn('birch-2')]).toEqual([2, 0]);
  });

  it('gives audits newest first, from before an epoch on', async () => {
    const monitor = await follow([registered(), answered(audit(3)), answered(audit(12))]);
    const epochs = async (page: { before?: number }) =>
      (await monitor.auditsOf(FILE, { ...page, limit: 5 })).map(({ record }) => record.epoch);
    expect(await epochs({})).toEqual([12, 3]);
    expect(await epochs({ before: 12 })).toEqual([3]);
  });

  it('ends with a file that is retired: it is watched no longer, and its alerts stay', async () => {
    const retired = { name: 'FileRetired', payload: { fileId: FILE, ownerId: OWNER } } as const;
    const monitor = await follow([registered(), retired]);
    expect(monitor.file(FILE)).toBeUndefined();
    expect(await eventsOf(monitor)).toEqual(['FileRegistered', 'FileRetired']);
    expect((await opened()).file(FILE)).toBeUndefined();
  });

  it('follows where a file lies and what is asked about it', async () => {
    const placed = { name: 'FilePlaced', payload: { fileId: FILE, nodes: ['birch-3'] } } as const;
    const asked = { name: 'AuditAsked', payload: { fileId: FILE, fromEpoch: 9 } } as const;
    const monitor = await follow([registered(), answered(audit(3)), placed, asked]);
    expect(monitor.file(FILE)).toMatchObject({ nodes: ['birch-3'], askedFrom: 9 });
    expect(monitor.waiting().map(({ fileId }) => fileId)).toEqual([FILE]);
  });

  it('has no time where the ledger cannot be asked for it, and is told all the same', async () => {
    const time = () => Promise.reject(new HoldfastError('LEDGER_UNREACHABLE', 'no peer answers'));
    const monitor = await follow([registered()], { time });
    expect(await monitor.alertsOf(OWNER, { limit: 1 })).toMatchObject([
      { event: 'FileRegistered', at: null },
    ]);
  });
});

describe('a stream that breaks off', () => {
  it('fails the round, and the next one goes on behind what is stored', async () => {
    const broken = new HoldfastError('LEDGER_UNREACHABLE', 'the stream ended');
    await expect(follow([registered()], { broken })).rejects.toBe(broken);
    let from: unknown;
    const monitor = await opened({
      async *events(checkpoint) {
        from = checkpoint;
        yield* [];
      },
    });
    await monitor.run(new AbortController().signal);
    expect(from).toMatchObject({ ledgerBlockNumber: 1, transactionId: TRANSACTION });
    expect(await eventsOf(monitor)).toEqual(['FileRegistered']);
  });

  it('stores nothing of an event whose effect fails', async () => {
    const time = () => Promise.reject(new Error('bug'));
    await expect(follow([registered()], { time })).rejects.toThrow('bug');
    expect(await eventsOf(await opened())).toEqual([]);
  });

  it('is no failure where we were told to stop', async () => {
    const stopping = new AbortController();
    const monitor = await opened({
      async *events() {
        stopping.abort();
        yield* [];
        throw new Error('cancelled');
      },
    });
    await expect(monitor.run(stopping.signal)).resolves.toBeUndefined();
  });
});

describe('alerts of nodes', () => {
  it('go to one owner, or once to each who keeps files on a node', async () => {
    const second = 'f2'.repeat(32);
    const monitor = await follow([
      registered(),
      registered(second),
      registered('f3'.repeat(32), OTHER),
    ]);
    let calls = 0;
    monitor.onChange(() => calls++, new AbortController().signal);
    await monitor.alert({ node: 'birch-1' }, { event: 'NodeDown', node: 'birch-1' });
    await monitor.alert({ node: 'birch-9' }, { event: 'NodeDown', node: 'birch-9' });
    await monitor.alert(
      { ownerId: OWNER },
      { event: 'DamageLocated', fileId: FILE, node: 'birch-1', blocks: [0] },
    );
    expect(calls).toBe(3);
    expect((await eventsOf(monitor)).slice(2)).toEqual(['NodeDown', 'DamageLocated']);
    expect((await eventsOf(monitor, OTHER)).slice(1)).toEqual(['NodeDown']);
  });

  it('come before the first event of the ledger too', async () => {
    const monitor = await opened();
    await monitor.alert({ ownerId: OWNER }, { event: 'NodeUp', node: 'birch-1' });
    expect(await monitor.alertsOf(OWNER, { limit: 9 })).toMatchObject([
      { event: 'NodeUp', at: NOW },
    ]);
  });

  it('tell of nodes that stop and start to answer, each change once', async () => {
    const told: unknown[] = [];
    const up = new Map([
      ['birch-1', true],
      ['birch-2', false],
    ]);
    const states = () => [...up].map(([node, is]) => ({ node, up: is, freeBytes: 0n, files: 0 }));
    const look = watchNodes(
      { nodes: async () => states() },
      { alert: async (to, alert) => void told.push([to, alert.event]) },
    );
    await look();
    await look();
    expect(told).toEqual([[{ node: 'birch-2' }, 'NodeDown']]);
    up.set('birch-2', true);
    up.set('birch-1', false);
    await look();
    expect(told.slice(1)).toEqual([
      [{ node: 'birch-1' }, 'NodeDown'],
      [{ node: 'birch-2' }, 'NodeUp'],
    ]);
  });
});
