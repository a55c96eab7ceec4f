/** Figures of what takes days or two who collide to come about. */
import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Ledger } from '../../gateway/src/ledger/ledger.ts';
import { newMetrics } from '../../gateway/src/metrics.ts';
import { countedLedger } from '../../gateway/src/monitor/count-ledger.ts';
import { countedKeyServers, countRepairs } from '../../gateway/src/monitor/count-roles.ts';
import { figuresOf } from '../../gateway/src/monitor/figures.ts';
import { registered, type WatchedFile } from '../../gateway/src/monitor/watched-file.ts';
import { HttpRefusal } from '../../gateway/src/http/problem.ts';
import { CONFIG } from '../support/consortium.ts';

const { signal } = new AbortController();
const id = 'ab'.repeat(32);

describe('a ledger that is counted', () => {
  const overtaken = new HoldfastError('CONFLICT', 'another transaction came first');
  const session = {
    mspId: 'Alder',
    role: 'agent' as const,
    submit: () => Promise.reject(overtaken),
    evaluate: () => Promise.reject(new Error('not asked')),
  };
  const relayed = { transactionId: id, ledgerBlockNumber: 7 };
  const ledger = (validation: string) =>
    ({
      as: () => session,
      submitEnvelope: () => Promise.resolve({ ...relayed, validation }),
    }) as unknown as Ledger;

  it('counts conflicts, of its own and of those who sign themselves', async () => {
    const registry = new Registry();
    const counted = countedLedger(ledger('MVCC_READ_CONFLICT'), registry);
    const agent = counted.as({ mspId: 'Alder', role: 'agent' });
    const tick = agent.submit('beacons:tick', { epoch: 1 }, signal);
    await expect(tick).rejects.toBe(overtaken);
    await counted.submitEnvelope(new Uint8Array(), new Uint8Array(), signal);
    const text = await registry.metrics();
    expect(text).toContain('holdfast_ledger_conflicts_total{function="beacons:tick"} 1');
    expect(text).toContain('holdfast_ledger_conflicts_total{function="relayed"} 1');
    expect(text).toContain('submit_duration_seconds_count{function="relayed"} 1');
  });

  it('counts none where all goes well', async () => {
    const registry = new Registry();
    await countedLedger(ledger('VALID'), registry).submitEnvelope(id as never, id as never, signal);
    expect(await registry.metrics()).not.toContain('conflicts_total{');
  });
});

describe('key servers that are counted', () => {
  it('say what became of each element', async () => {
    const registry = new Registry();
    const refusals = [
      new HttpRefusal('RATE_LIMITED', 'too many', {}),
      new HoldfastError('INPUT_INVALID', 'no element'),
      new Error('broken'),
    ];
    const cedar = {
      mspId: 'Cedar',
      evaluate: () => Promise.reject(refusals.shift() ?? new Error()),
    };
    const counted = countedKeyServers(new Map([['Cedar', cedar]]), registry).get('Cedar');
    for (const count of [3, 2, 1]) {
      const blinded = Array<Uint8Array>(count).fill(new Uint8Array());
      await expect(counted?.evaluate(id, 'key', blinded)).rejects.toBeInstanceOf(Error);
    }
    const text = await registry.metrics();
    for (const line of ['limited"} 3', 'refused"} 2', 'failed"} 1']) {
      expect(text).toContain(`holdfast_oprf_evaluations_total{outcome="${line}`);
    }
  });
});

describe('repairs', () => {
  it('are counted by how they went', async () => {
    const registry = new Registry();
    const count = countRepairs(registry);
    count('lost');
    count('failed');
    count('lost');
    const text = await registry.metrics();
    expect(text).toContain('holdfast_repairs_total{outcome="lost"} 2');
    expect(text).toContain('holdfast_repairs_total{outcome="failed"} 1');
  });
});

describe('files', () => {
  const payload = { fileId: id, ownerId: id, providerId: 'Birch', version: 1, root: id, epoch: 5 };
  const event = {
    name: 'FileRegistered',
    payload,
    transactionId: id,
    ledgerBlockNumber: 1,
  } as const;
  const file = registered(event, ['birch-1', 'birch-2']).file as WatchedFile;
  const limit = 5 + 2 * CONFIG.auditPeriod + CONFIG.answerWindow;
  let epoch = limit;
  const node = (name: string, up: boolean) => ({ node: name, up, freeBytes: 1n, files: 1 });
  let nodes = [node('birch-1', true), node('birch-2', true)];
  const registry = new Registry();
  const metrics = newMetrics({
    registry,
    signal: AbortSignal.abort(),
    figures: figuresOf({
      provider: { nodes: () => Promise.resolve(nodes) },
      monitor: {
        damagedOn: () => 0,
        files: () => [file],
        clock: () => ({ epoch, ticks: [] }),
        standing: () => undefined,
        verdictAt: () => undefined,
        onChange: () => undefined,
      },
      provided: () => Promise.resolve({ uploads: 0, logicalBytes: 0, jobs: [] }),
      stored: { latest: () => new Map() },
      connection: () => ({ channel: '', chaincode: '', organisations: [] }),
      revocations: { nextBy: () => [['Alder', 5_000]] },
      config: CONFIG,
      nowMs: () => 0,
      monotonicMs: () => 0,
      signal,
    }),
  });

  it('are overdue after twice the period and the window, counted in epochs', async () => {
    expect(await metrics.text()).toContain('holdfast_files_overdue 0');
    expect(await metrics.text()).toContain(
      'holdfast_revocation_list_expiry_seconds{organisation="Alder"} 5',
    );
    epoch = limit + 1;
    expect(await metrics.text()).toContain('holdfast_files_overdue 1');
  });

  it('are below their replicas by the nodes that answer', async () => {
    const below = async () =>
      [...(await metrics.text()).matchAll(/files_below_replicas\{minimum="(\w+)"\} (\d)/g)].map(
        ([, minimum, count]) => `${minimum} ${count}`,
      );
    expect(await below()).toEqual(['true 0', 'false 0']);
    nodes = [node('birch-1', true), node('birch-2', false)];
    expect(await below()).toEqual(['true 1', 'false 1']);
  });

  it('have no figure for what is not known yet', async () => {
    const text = await metrics.text();
    for (const name of ['verdict_age_seconds', 'ledger_height']) {
      expect(text).not.toMatch(new RegExp(`^holdfast_${name} `, 'm'));
    }
  });
});
