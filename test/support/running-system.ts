/** The whole system on the embedded default, on free ports and in a folder of its own, as the story and the client's tests use it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSystem, type RunningSystem } from '../../scripts/system.mjs';

export type { RunningSystem } from '../../scripts/system.mjs';

/** Starts it; `stop` also removes the folder. */
export async function startTestSystem(): Promise<RunningSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-'));
  const system = await startSystem({ folder, port: 0 });
  return {
    ...system,
    async stop() {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
