/**
 * Where the consortium's clock stands, from the ledger's events: the newest epoch, and who has ticked for the next.
 *
 * @module
 */
import type { LedgerEvent } from '../ledger/ledger.ts';

export interface LedgerClock {
  readonly epoch: number;
  /** Organisations that say that the slot has passed. */
  readonly ticks: readonly string[];
}

export const FIRST_CLOCK: LedgerClock = { epoch: 0, ticks: [] };

/** The clock after an event; the same object where nothing moved. */
export function advanced(clock: LedgerClock, event: LedgerEvent): LedgerClock {
  if (event.name === 'BeaconAdvanced') return { epoch: event.payload.epoch, ticks: [] };
  if (event.name === 'Ticked' && event.payload.epoch === clock.epoch + 1) {
    return { ...clock, ticks: [...clock.ticks, event.payload.mspId] };
  }
  return clock;
}
