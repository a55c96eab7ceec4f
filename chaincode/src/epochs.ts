/**
 * How a transaction says when it happens. No time stamp decides anything, and `clock` is read by no submit: it would
 * conflict with every beacon.
 *
 * @module
 */
import type { BeaconRecord } from '@holdfast/protocol/consortium-records.js';
import { expectField } from './refuse.ts';
import { KEYS } from './state-keys.ts';
import type { State } from './state.ts';

/**
 * An owner's transaction names the epoch in which it was made: `beacon/e` stands, `beacon/{e + 2}` does not. The epoch
 * of lag lets an honest transaction and the next beacon stand in one ledger block (constructions 4.1).
 *
 * @throws `EPOCH_PASSED`: to be made again with the epoch of now; `NOT_FOUND` for an epoch to come.
 */
export async function nameEpoch(state: State, epoch: number): Promise<void> {
  await state.find(KEYS.beacon(epoch), `beacon ${epoch} yet`);
  await state.refuse(KEYS.beacon(epoch + 2), `epoch ${epoch + 2} has begun`, 'EPOCH_PASSED');
}

/**
 * A settled audit of epoch e names an epoch `now`, from e to the newest: the next audit comes after it.
 *
 * @returns the beacon of e: the challenge.
 */
export async function nameSettlement(
  state: State,
  { epoch, now }: { readonly epoch: number; readonly now: number },
): Promise<BeaconRecord> {
  expectField(now >= epoch, '/now', `expected ${epoch} or later`);
  const beacon = await state.find(KEYS.beacon(epoch), `beacon ${epoch} yet`);
  await state.find(KEYS.beacon(now), `beacon ${now} yet`);
  return beacon;
}
