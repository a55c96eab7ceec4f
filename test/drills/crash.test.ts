import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { crashDrill } from '../support/crash-drill.ts';
import { seededRandom } from '../support/property.ts';
import { startTestSystem } from '../support/running-system.ts';

const KILLS = Number(process.env['CRASH_KILLS'] ?? 50);
const IS_LONG = process.env['CRASH_KILLS'] !== undefined;
/**
 * Kills of one system: what it has stored by then is audited in time on two cores, where the files of a thousand kills
 * would leave audits without an answer.
 */
const OF_A_SYSTEM = 50;
const ROUNDS = Array.from({ length: Math.ceil(KILLS / OF_A_SYSTEM) }, (_, i) => ({
  round: i + 1,
  kills: Math.min(OF_A_SYSTEM, KILLS - i * OF_A_SYSTEM),
}));

describe(`systems whose processes are killed, ${KILLS} times`, () => {
  const random = seededRandom();
  const sum = { kills: 0, acknowledged: 0, abandoned: 0, lost: 0, half: 0 };
  afterAll(() => tell(`${KILLS} kills: ${told(sum)}`));

  it.each(ROUNDS)(
    'lose nothing that they acknowledged, and leave nothing half done: round $round, $kills kills',
    async ({ round, kills }) => {
      const { lost, half, surprises, acknowledged, abandoned } = await drillOf(kills);
      const counts = { kills, acknowledged, abandoned, lost: lost.length, half: half.length };
      tell(`round ${round} of ${ROUNDS.length}: ${told(counts)}`);
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) sum[name] += counts[name];
      expect({ lost, half, surprises }).toEqual({ lost: [], half: [], surprises: [] });
      expect(acknowledged).toBeGreaterThan(0);
    },
    240_000 + 20_000 * OF_A_SYSTEM,
  );

  async function drillOf(kills: number) {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-crash-'));
    const system = await startTestSystem();
    try {
      return await crashDrill({ system, folder, kills, isLong: IS_LONG, random, report: tell });
    } finally {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    }
  }
});

const told = (counts: Record<'kills' | 'acknowledged' | 'abandoned' | 'lost' | 'half', number>) =>
  `${counts.kills} done, ${counts.acknowledged} uploads acknowledged, ${counts.abandoned} given up: ` +
  `${counts.lost} lost, ${counts.half} half`;

/** In a long run only. */
function tell(line: string): void {
  if (IS_LONG) process.stdout.write(`${line}\n`);
}
