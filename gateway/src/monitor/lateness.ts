/**
 * Whether the consortium's clock goes, and whom it waits for: nobody can replace a silent delegate yet, so it is named.
 *
 * @module
 */
import { delegateOf } from '@holdfast/protocol/audit.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Monitor } from './monitor.ts';

export interface LatenessParts {
  readonly monitor: Pick<Monitor, 'clock' | 'onChange'>;
  readonly config: Config;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
}

/** (Agent) @returns what the next epoch waits for once it is a whole slot late; nothing while all goes well. */
export function newLateness({ monitor, config, monotonicMs, signal }: LatenessParts) {
  let seen = { epoch: monitor.clock().epoch, at: monotonicMs() };
  monitor.onChange(() => {
    const { epoch } = monitor.clock();
    if (epoch !== seen.epoch) seen = { epoch, at: monotonicMs() };
  }, signal);
  return (): readonly string[] => {
    const late = Math.round((monotonicMs() - seen.at) / 1000 - config.slotSeconds);
    if (late < config.slotSeconds) return [];
    const { epoch, ticks } = monitor.clock();
    const silent = config.organisations.map(({ mspId }) => mspId).filter((m) => !ticks.includes(m));
    return 2 * ticks.length > config.organisations.length
      ? [`epoch ${epoch + 1} waits ${late} s for the beacon of ${delegateOf(epoch + 1, config)}`]
      : [`epoch ${epoch + 1} waits ${late} s for ticks of ${silent.join(', ')}`];
  };
}
