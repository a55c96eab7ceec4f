/**
 * An organisation's clock: it ticks when a slot has passed since it saw the last beacon (constructions, section 11).
 *
 * On the development ledger alone it ticks as early as 3 s after the beacon while a file waits for a first, asked or
 * repeated audit and nothing due is unanswered, so that a first verdict takes seconds.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { LedgerSession } from '../ledger/ledger.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { openChallenges } from './open-challenges.ts';

const HURRIED_MS = 3_000;
/** Pause after something was found unanswered, milliseconds. */
const LOOK_AGAIN_MS = 1_000;

export interface SlotClockParts {
  /** Any role of the organisation but owner. */
  readonly session: LedgerSession;
  readonly config: Config;
  readonly monitor: Pick<Monitor, 'clock' | 'waiting'>;
  readonly isDevelopment: boolean;
  /** A clock that never goes back. */
  readonly monotonicMs: () => number;
}

/** @returns one look at the clock, which ticks where it is time; to be called again and again. */
export function newSlotClock(parts: SlotClockParts): (signal: AbortSignal) => Promise<void> {
  const { session, config, monitor, monotonicMs } = parts;
  let seen = { epoch: -1, at: 0 };
  let lookAt = 0;

  async function isHurried(epoch: number, signal: AbortSignal): Promise<boolean> {
    if (monotonicMs() < Math.max(seen.at + HURRIED_MS, lookAt)) return false;
    lookAt = monotonicMs() + LOOK_AGAIN_MS;
    return mayHurry(parts, epoch, signal);
  }

  return async (signal) => {
    const { epoch, ticks } = monitor.clock();
    if (seen.epoch !== epoch) seen = { epoch, at: monotonicMs() };
    if (ticks.includes(session.mspId)) return;
    const passed = monotonicMs() - seen.at;
    const isTime = passed >= config.slotSeconds * 1000 || (await isHurried(epoch, signal));
    if (isTime) await tick(session, epoch + 1, signal);
  };
}

async function mayHurry(
  parts: SlotClockParts,
  epoch: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { session, config, monitor, isDevelopment } = parts;
  const waiting = monitor.waiting();
  if (!isDevelopment || waiting.length === 0) return false;
  const first = Math.max(0, epoch - config.answerWindow);
  for (const providerId of new Set(waiting.map((file) => file.providerId))) {
    for (let past = first; past <= epoch; past++) {
      for await (const _open of openChallenges(session, providerId, past, signal)) return false;
    }
  }
  return true;
}

/** A tick that is there already, or comes too late, is none of our concern. */
async function tick(session: LedgerSession, epoch: number, signal: AbortSignal): Promise<void> {
  try {
    await session.submit('beacons:tick', { epoch }, signal);
  } catch (error) {
    const code = error instanceof HoldfastError ? error.code : undefined;
    if (code !== 'ALREADY_EXISTS' && code !== 'CONFLICT') throw error;
  }
}
