// First: it silences what fabric-shim installs when it is imported.
import {
  bring,
  newProviderStage,
  register,
  sealUpload,
  type ProviderStage,
  type SealedUpload,
} from '../support/provider-stage.ts';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { newBeacons } from '../../gateway/src/auditor/beacons.ts';
import { newLocator, newLookBack } from '../../gateway/src/auditor/look-back.ts';
import { newSlotClock } from '../../gateway/src/auditor/slot-clock.ts';
import { newLog } from '../../gateway/src/log.ts';
import { openMonitor, type Monitor } from '../../gateway/src/monitor/monitor.ts';
import type { Provider } from '../../gateway/src/roles.ts';
import { openStore, type Store } from '../../gateway/src/store.ts';
import { CHANNEL, secretOf } from '../support/consortium.ts';
import { flatfsFile } from '../support/flatfs-file.ts';
import { seededRandom } from '../support/property.ts';

const { signal } = new AbortController();
const log = newLog('silent');
const DELEGATES = ['Alder', 'Cedar'] as const;
type Delegate = (typeof DELEGATES)[number];

let stage: ProviderStage;
let store: Store;
let config: Config;
let monitor: Monitor;
let provider: Provider;
const stopping = new AbortController();
let following: Promise<void>;
let nowMs = 0;

beforeAll(async () => {
  stage = await newProviderStage();
  ({ provider } = await stage.reopen());
  store = await openStore(join(stage.folder, 'gateway'));
  const agent = stage.ledger.as({ mspId: 'Alder', role: 'agent' });
  config = await agent.evaluate('accounts:config', {}, signal);
  const { ledger } = stage;
  monitor = await openMonitor({ ledger, agent, store, log, nowMs: Date.now });
  following = monitor.run(stopping.signal);
});
afterAll(async () => {
  stopping.abort();
  await following;
  await store.close();
  await stage.close();
});

/** Resolves when the monitor has seen what makes it so. */
async function until(holds: () => boolean): Promise<void> {
  const seen = new AbortController();
  await new Promise<void>((resolve) => {
    const check = () => (holds() ? resolve() : undefined);
    monitor.onChange(check, seen.signal);
    check();
  });
  seen.abort();
}

const session = (mspId: Delegate) => stage.ledger.as({ mspId, role: 'delegate' });

const clocks = new Map<string, (signal: AbortSignal) => Promise<void>>();
/** One look of an organisation at its clock. */
async function look(mspId: Delegate, isDevelopment = false): Promise<void> {
  const name = `${mspId} ${isDevelopment}`;
  const parts = { session: session(mspId), config, monitor, isDevelopment };
  const clock = clocks.get(name) ?? newSlotClock({ ...parts, monotonicMs: () => nowMs });
  clocks.set(name, clock);
  await clock(signal);
}

const auditors = new Map<Delegate, readonly ((signal: AbortSignal) => Promise<void>)[]>();
async function audit(mspId: Delegate): Promise<void> {
  const parts = { session: session(mspId), channel: CHANNEL, config, monitor };
  const providers = new Map([['Birch', provider]]);
  const secret = secretOf(`beacons of ${mspId}`);
  const rounds = auditors.get(mspId) ?? [
    newBeacons({ ...parts, secret }),
    newLookBack({ ...parts, providers, log }),
  ];
  auditors.set(mspId, rounds);
  for (const round of rounds) await round(signal);
}

/** A whole slot passes on every clock; then the delegates do what they do. */
async function slot(): Promise<number> {
  const next = monitor.clock().epoch + 1;
  for (const mspId of DELEGATES) await look(mspId);
  nowMs += 30_000;
  for (const mspId of DELEGATES) await look(mspId);
  await until(() => monitor.clock().ticks.length === 2);
  for (const mspId of DELEGATES) await audit(mspId);
  await until(() => monitor.clock().epoch === next);
  for (const mspId of DELEGATES) await audit(mspId);
  return next;
}

describe('the clock of the consortium', () => {
  it('does not tick before a slot has passed', async () => {
    await look('Alder');
    nowMs += 29_999;
    await look('Alder');
    expect(monitor.clock()).toEqual({ epoch: 0, ticks: [] });
  });

  it('ticks once when it has', async () => {
    nowMs += 1;
    await look('Alder');
    await until(() => monitor.clock().ticks.length > 0);
    await look('Alder');
    expect(monitor.clock()).toEqual({ epoch: 0, ticks: ['Alder'] });
  });

  it('begins no epoch on the word of one organisation in three', async () => {
    for (const mspId of DELEGATES) await audit(mspId);
    const before = session('Alder').evaluate('beacons:get', { epoch: 1 }, signal);
    await expect(before).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('begins one on the word of two, by the beacon of the delegate whose slot it is', async () => {
    await look('Cedar');
    nowMs += 30_000;
    await look('Cedar');
    await until(() => monitor.clock().ticks.length === 2);
    await audit('Alder');
    expect(monitor.clock().epoch).toBe(0);
    await audit('Cedar');
    await until(() => monitor.clock().epoch === 1);
    const beacon = await session('Alder').evaluate('beacons:get', { epoch: 1 }, signal);
    expect(beacon.delegate).toBe('Cedar');
  });
});

describe('a clock in a hurry', () => {
  it('does not hurry while no file waits', async () => {
    await look('Alder', true);
    nowMs += 3_000;
    await look('Alder', true);
    expect(monitor.clock().ticks).toEqual([]);
  });

  it('ticks after 3 s while one waits, on the development ledger alone', async () => {
    upload = await stored();
    await until(() => monitor.waiting().length === 1);
    await look('Cedar');
    nowMs += 3_000;
    await look('Cedar');
    await look('Alder', true);
    await until(() => monitor.clock().ticks.length > 0);
    expect(monitor.clock().ticks).toEqual(['Alder']);
  });
});

let upload: SealedUpload;
async function stored(): Promise<SealedUpload> {
  const owner = await stage.openOwner('anna');
  const made = await sealUpload(owner, seededRandom()(150_000));
  const state = await bring(provider, made);
  const answer = await provider.accept(state.uploadId, made.acceptance);
  await register(made, state, answer, await stage.epoch());
  return made;
}

describe('a challenge that nobody answers', () => {
  let due: number;
  const alerts = () => monitor.alertsOf(upload.owner.ownerId, { limit: 100 });

  it('has its damage located by the delegate of the next slot, for the owner alone to know', async () => {
    const { fileId } = upload.request;
    const [block] = upload.file.blocks;
    for (const node of ['birch-1', 'birch-2', 'birch-3']) {
      const path = flatfsFile(join(stage.folder, 'nodes', node), block?.digest);
      const bytes = await readFile(path);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await writeFile(path, bytes);
    }
    do due = await slot();
    while (!(await isDue(due)));
    expect((await alerts()).map(({ event }) => event)).toEqual(['FileRegistered']);
    await slot();
    const located = (await alerts()).at(-1);
    expect(located).toMatchObject({ event: 'DamageLocated', fileId, blocks: [0] });
  }, 60_000);

  it('has its damage located by the agent too, where that delegate alerts elsewhere', async () => {
    const found: { ownerId?: string; event: string }[] = [];
    let epoch = due;
    const watching = {
      clock: () => ({ epoch, ticks: [] }),
      alert: async (to: object, { event }: { event: string }) => void found.push({ ...to, event }),
    };
    const parts = {
      session: stage.ledger.as({ mspId: 'Alder', role: 'agent' }),
      channel: CHANNEL,
      config,
      monitor: watching,
      providers: new Map([['Birch', provider]]),
      log,
    };
    const [alone, beside] = [newLocator(parts, []), newLocator(parts, DELEGATES)];
    await alone(signal);
    epoch = due + 1;
    for (const round of [alone, alone, beside]) await round(signal);
    expect(found).toEqual([{ ownerId: upload.owner.ownerId, event: 'DamageLocated' }]);
  });

  it('keeps a clock from hurrying', async () => {
    await look('Alder', true);
    nowMs += 3_000;
    await look('Alder', true);
    expect(monitor.clock().ticks).toEqual([]);
  });

  it('is unanswered once the window is over, not a slot before', async () => {
    const { fileId } = upload.request;
    while (monitor.clock().epoch < due + config.answerWindow - 1) await slot();
    const early = session('Alder').evaluate('audits:get', { fileId, epoch: due }, signal);
    await expect(early).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await slot();
    await until(() => monitor.file(fileId)?.verdict === 'unanswered');
    const last = (await alerts()).at(-1);
    expect(last).toMatchObject({ event: 'VerdictReached', verdict: 'unanswered' });
    expect((await monitor.auditsOf(fileId, { limit: 5 }))[0]?.record.epoch).toBe(due);
  }, 60_000);

  async function isDue(epoch: number): Promise<boolean> {
    const args = { providerId: 'Birch', epoch };
    return (await session('Alder').evaluate('audits:due', args, signal)).items.length > 0;
  }
});
