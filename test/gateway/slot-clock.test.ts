import { describe, expect, it } from '@jest/globals';
import { HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import { newSlotClock } from '../../gateway/src/auditor/slot-clock.ts';
import type { LedgerSession } from '../../gateway/src/ledger/ledger.ts';
import { newLateness } from '../../gateway/src/monitor/lateness.ts';
import type { WatchedFile } from '../../gateway/src/monitor/watched-file.ts';
import { CONFIG } from '../support/consortium.ts';

const { signal } = new AbortController();
const SLOT_MS = CONFIG.slotSeconds * 1000;

/** One organisation's clock on a ledger of which the test says what it answers. */
function newStage({ isDevelopment = true } = {}) {
  const world = {
    nowMs: 0,
    epoch: 4,
    ticks: [] as string[],
    /** Providers of files whose audit somebody waits for. */
    waiting: [] as string[],
    /** Epochs in which a challenge is unanswered. */
    open: [] as number[],
    refusal: undefined as ErrorCode | undefined,
    ticked: [] as number[],
    looked: [] as number[],
  };
  const session = {
    mspId: 'Alder',
    async evaluate(_name: string, { epoch, cursor }: { epoch: number; cursor?: string }) {
      world.looked.push(epoch);
      // What is open stands on the second page.
      if (cursor === undefined) return { items: [], next: 'more' };
      return { items: world.open.includes(epoch) ? [{}] : [], next: null };
    },
    async submit(_name: string, { epoch }: { epoch: number }) {
      if (world.refusal !== undefined) throw new HoldfastError(world.refusal, 'not now');
      world.ticked.push(epoch);
    },
  } as unknown as LedgerSession;
  const look = newSlotClock({
    session,
    config: CONFIG,
    monitor: {
      clock: () => ({ epoch: world.epoch, ticks: world.ticks }),
      waiting: () => world.waiting.map((providerId) => ({ providerId }) as WatchedFile),
    },
    isDevelopment,
    monotonicMs: () => world.nowMs,
  });
  const at = async (ms: number): Promise<readonly number[]> => {
    world.nowMs = ms;
    await look(signal);
    return world.ticked;
  };
  return { world, at };
}

describe('the clock of an organisation', () => {
  it('ticks when a slot has passed since it saw the last beacon', async () => {
    const { world, at } = newStage();
    expect(await at(5)).toEqual([]);
    expect(await at(5 + SLOT_MS - 1)).toEqual([]);
    expect(await at(5 + SLOT_MS)).toEqual([5]);
    world.epoch = 5;
    expect(await at(6 + SLOT_MS)).toEqual([5]);
    expect(await at(6 + 2 * SLOT_MS)).toEqual([5, 6]);
  });

  it('ticks once for an epoch', async () => {
    const { world, at } = newStage();
    world.ticks = ['Cedar', 'Alder'];
    await at(0);
    expect(await at(2 * SLOT_MS)).toEqual([]);
  });

  it('hurries where a file waits and nothing due is unanswered, 3 s after the beacon', async () => {
    const { world, at } = newStage();
    world.waiting = ['Birch', 'Birch'];
    await at(0);
    expect(await at(2_999)).toEqual([]);
    expect(world.looked).toEqual([]);
    expect(await at(3_000)).toEqual([5]);
    // Each epoch that may still be answered in, two pages each, once for the one provider.
    expect(world.looked).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it('waits while something due is unanswered, and looks again no sooner than after a second', async () => {
    const { world, at } = newStage();
    world.waiting = ['Birch'];
    world.open = [3];
    await at(0);
    expect(await at(3_000)).toEqual([]);
    world.open = [];
    const looks = world.looked.length;
    expect(await at(3_999)).toEqual([]);
    expect(world.looked).toHaveLength(looks);
    expect(await at(4_000)).toEqual([5]);
  });

  it('does not hurry where nobody waits, or on a ledger that is not for development', async () => {
    const idle = newStage();
    await idle.at(0);
    expect(await idle.at(SLOT_MS - 1)).toEqual([]);
    const real = newStage({ isDevelopment: false });
    real.world.waiting = ['Birch'];
    await real.at(0);
    expect(await real.at(SLOT_MS - 1)).toEqual([]);
    expect(real.world.looked).toEqual([]);
    expect(await real.at(SLOT_MS)).toEqual([5]);
  });

  it.each(['ALREADY_EXISTS', 'CONFLICT'] as const)('takes %s for a tick', async (code) => {
    const { world, at } = newStage();
    world.refusal = code;
    await at(0);
    expect(await at(SLOT_MS)).toEqual([]);
  });

  it('says where the ledger cannot be reached', async () => {
    const { world, at } = newStage();
    world.refusal = 'LEDGER_UNREACHABLE';
    await at(0);
    await expect(at(SLOT_MS)).rejects.toMatchObject({ code: 'LEDGER_UNREACHABLE' });
  });
});

describe('a consortium whose clock stands still', () => {
  const clock = { epoch: 4, ticks: [] as string[] };
  let nowMs = 0;
  let changed = () => {};
  const lateness = newLateness({
    monitor: {
      clock: () => clock,
      onChange: (listener) => {
        changed = listener;
      },
    },
    config: CONFIG,
    monotonicMs: () => nowMs,
    signal,
  });

  it('is told nothing until the next epoch is a whole slot late', () => {
    expect(lateness()).toEqual([]);
    nowMs = 2 * SLOT_MS - 1_000;
    expect(lateness()).toEqual([]);
  });

  it('is told which organisations have not ticked', () => {
    nowMs = 2 * SLOT_MS;
    clock.ticks = ['Cedar'];
    changed();
    expect(lateness()).toEqual(['epoch 5 waits 30 s for ticks of Alder, Birch']);
  });

  it('is told whose beacon is missing once enough have', () => {
    clock.ticks = ['Cedar', 'Alder'];
    changed();
    expect(lateness()).toEqual(['epoch 5 waits 30 s for the beacon of Cedar']);
  });

  it('is told nothing again once the epoch has begun', () => {
    clock.epoch = 5;
    clock.ticks = [];
    changed();
    expect(lateness()).toEqual([]);
  });
});
