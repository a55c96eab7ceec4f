/**
 * How soon a lost block is found, from what the ledger's configuration and the file's placement really are.
 *
 * @module
 */
import { sampleSize } from '@holdfast/protocol/challenge.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';

const DAY_SECONDS = 86_400;
/** What is not certain is not rounded to certainty. */
const NEARLY = 1 - 2 ** -52;

export interface Assurance {
  /** Blocks of an audit. */
  readonly sampled: number;
  readonly auditsPerDay: number;
  /** Chance that a block lost on every node is found within a day, and one that is lost on one node only. */
  readonly lostEverywhere: number;
  readonly lostOnOneNode: number;
}

/**
 * (Owner) The chances for one lost block of `blocks`.
 *
 * An audit comes once in P epochs on average; it asks one of the nodes, drawn by the beacon.
 */
export function assuranceOf(
  blocks: number,
  nodes: number,
  { slotSeconds, auditPeriod }: Pick<Config, 'slotSeconds' | 'auditPeriod'>,
): Assurance {
  const sampled = sampleSize(blocks);
  const auditsPerDay = DAY_SECONDS / (slotSeconds * auditPeriod);
  const within = (chance: number): number =>
    chance === 1 ? 1 : Math.min(1 - (1 - chance) ** auditsPerDay, NEARLY);
  return {
    sampled,
    auditsPerDay,
    lostEverywhere: within(sampled / blocks),
    lostOnOneNode: within(sampled / (blocks * nodes)),
  };
}
