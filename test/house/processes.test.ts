/** Processes of a run folder, and what is said of them. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { install } from '../../network/binaries.mjs';
import { pidOf, start, stop, waitFor } from '../../network/processes.mjs';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-processes-'));
  for (const kind of ['pid', 'log']) await mkdir(join(folder, kind));
});
afterEach(async () => {
  await stop(folder);
  await rm(folder, { recursive: true, force: true });
});

describe('what is waited for', () => {
  it('is not disturbed by what had ended before, as all has after a power cut', async () => {
    const record = { pid: process.pid, birth: '1', by: 1 };
    await writeFile(join(folder, 'pid', 'later.json'), JSON.stringify(record));
    let asked = 0;
    const ask = () => Promise.resolve(++asked === 3);
    expect(await waitFor('an answer', folder, ask, { everyMs: 1 })).toBe(true);
  });

  it('is given up at once where a process has ended, with its last words', async () => {
    const program = 'console.error("one"); console.error("no room"); process.exit(1)';
    start(folder, 'short', process.execPath, ['-e', program]);
    await expect(waitFor('an answer', folder, () => Promise.resolve(false))).rejects.toThrow(
      'short ended while an answer was waited for: one | no room',
    );
  });

  it('is not what was never there, whose log keeps what stood in it', async () => {
    await writeFile(join(folder, 'log', 'absent.log'), 'from before\n');
    start(folder, 'absent', join(folder, 'no-such-program'), []);
    await expect(waitFor('an answer', folder, () => Promise.resolve(false))).rejects.toThrow(
      'absent ended while an answer was waited for',
    );
    await new Promise((resolve) => void setImmediate(resolve));
    const log = await readFile(join(folder, 'log', 'absent.log'), 'utf8');
    expect(log).toMatch(/^from before\nspawn .* ENOENT\n$/);
  });
});

describe('a process of a run folder', () => {
  it('is started once, and ended by its number', async () => {
    const args = ['-e', 'setInterval(() => undefined, 1_000)'];
    start(folder, 'lasting', process.execPath, args);
    const pid = pidOf(folder, 'lasting');
    start(folder, 'lasting', process.execPath, args);
    expect(pidOf(folder, 'lasting')).toBe(pid);
    expect(await stop(folder)).toEqual([]);
    expect(pidOf(folder, 'lasting')).toBeUndefined();
  });
});

describe('a folder of released engines', () => {
  it('is never built into', async () => {
    process.env['IPFS_BIN'] = folder;
    try {
      const installed = install(['kubo'], () => undefined);
      await expect(installed).rejects.toThrow(`IPFS_BIN: ${folder} lacks ipfs`);
      await expect(readFile(join(folder, 'ipfs'))).rejects.toThrow('ENOENT');
    } finally {
      delete process.env['IPFS_BIN'];
    }
  });
});
