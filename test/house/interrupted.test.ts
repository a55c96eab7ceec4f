/** A command of ours that is interrupted leaves no process behind, nor what its processes have started. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const READY = pathToFileURL('scripts/ready.mjs').href;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-interrupted-'));
  const lasting = 'setInterval(() => undefined, 1_000);';
  // it starts one that stays, says which, and stays itself
  const parent = `import { spawn } from 'node:child_process';
const child = spawn(process.execPath, ['-e', '${lasting}'], { stdio: 'ignore' });
process.stdout.write(JSON.stringify([process.pid, child.pid]) + '\\n');
${lasting}`;
  await writeFile(join(folder, 'parent.mjs'), parent);
  const command = `import { node } from '${READY}';
await node('${join(folder, 'parent.mjs')}');`;
  await writeFile(join(folder, 'command.mjs'), command);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function started(script: string): Promise<readonly [ChildProcess, readonly number[]]> {
  const child = spawn(process.execPath, [join(folder, script)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return [child, JSON.parse(line) as number[]];
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a command of ours', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'that gets %s alone ends with all that it has started',
    async (signal, code) => {
      const [child, pids] = await started('command.mjs');
      expect(pids.map(isThere)).toEqual([true, true]);
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([code, null]);
      expect(pids.map(isThere)).toEqual([false, false]);
    },
    30_000,
  );

  it('would leave behind what its programs have started, if only these were ended', async () => {
    const [child, [, grandchild = 0]] = await started('parent.mjs');
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(isThere(grandchild)).toBe(true);
    process.kill(grandchild, 'SIGKILL');
  }, 30_000);
});
