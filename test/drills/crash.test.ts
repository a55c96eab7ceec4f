import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { crashDrill } from '../support/crash-drill.ts';
import { seededRandom } from '../support/property.ts';
import { startTestSystem, type RunningSystem } from '../support/running-system.ts';

const KILLS = Number(process.env['CRASH_KILLS'] ?? 50);
const IS_LONG = process.env['CRASH_KILLS'] !== undefined;

describe(`a system whose processes are killed, ${KILLS} times`, () => {
  let system: RunningSystem;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-crash-'));
    system = await startTestSystem();
  }, 120_000);
  afterAll(async () => {
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it(
    'loses nothing that it acknowledged, and leaves nothing half done',
    async () => {
      const outcome = await crashDrill({
        system,
        folder,
        kills: KILLS,
        random: seededRandom(),
        ...(IS_LONG ? { report: tell } : {}),
      });
      const { lost, half, surprises, acknowledged, abandoned } = outcome;
      if (IS_LONG) {
        process.stdout.write(
          `${KILLS} kills, ${acknowledged} uploads acknowledged, ${abandoned} given up: ` +
            `${lost.length} lost, ${half.length} half\n`,
        );
      }
      expect({ lost, half, surprises }).toEqual({ lost: [], half: [], surprises: [] });
      expect(acknowledged).toBeGreaterThan(0);
    },
    120_000 + 20_000 * KILLS,
  );
});

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
