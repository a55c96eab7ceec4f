/**
 * A delegate's beacons (constructions, section 5): in its slots it signs the one that begins the epoch, as soon as a
 * majority of organisations says that the slot before has passed.
 *
 * @module
 */
import { beaconMessage } from '@holdfast/protocol/beacon.js';
import { base64url, fromHex } from '@holdfast/protocol/bytes.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { DST } from '@holdfast/protocol/labels.js';
import { delegateOf } from '@holdfast/protocol/audit.js';
import { sign } from '@holdfast/protocol/signature.js';
import type { LedgerSession } from '../ledger/ledger.ts';
import type { Monitor } from '../monitor/monitor.ts';

export interface BeaconsParts {
  readonly session: LedgerSession;
  readonly channel: string;
  readonly config: Config;
  /** The delegate's BLS secret. */
  readonly secret: bigint;
  readonly monitor: Pick<Monitor, 'clock'>;
}

/** (Delegate) @returns one round; to be called again and again. */
export function newBeacons(parts: BeaconsParts): (signal: AbortSignal) => Promise<void> {
  const { session, config, monitor } = parts;
  let begun = -1;
  return async (signal) => {
    const { epoch, ticks } = monitor.clock();
    const next = epoch + 1;
    if (begun >= next || delegateOf(next, config) !== session.mspId) return;
    if (2 * ticks.length <= config.organisations.length) return;
    await advance(parts, next, ticks, signal);
    begun = next;
  };
}

/** Begins an epoch: the signature over the beacon before is the only one there can be. */
async function advance(
  { session, channel, secret }: BeaconsParts,
  epoch: number,
  msps: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const before = await session.evaluate('beacons:get', { epoch: epoch - 1 }, signal);
  const message = beaconMessage(channel, epoch, fromHex(before.value));
  const signature = base64url(sign(secret, message, DST.beacon));
  const args = { epoch, signature, msps: [...msps] };
  await unless(['ALREADY_EXISTS'], session.submit('beacons:advance', args, signal));
}

/** Refusals with one of these codes say that it is done already. */
export async function unless(done: readonly string[], doing: Promise<unknown>): Promise<void> {
  try {
    await doing;
  } catch (error) {
    if (!(error instanceof HoldfastError && done.includes(error.code))) throw error;
  }
}
