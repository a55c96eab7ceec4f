import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { enter } from '../../scripts/data-folder.mjs';

let folder: string;

function reset(): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/first.mjs', 'reset'], {
    encoding: 'utf8',
    env: { ...process.env, DATA_DIR: folder },
  });
  return { status, output: stdout + stderr };
}

describe('npm run reset', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-reset-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('removes what a stopped system left', () => {
    enter(folder);
    writeFileSync(join(folder, 'ledger'), 'blocks');
    expect(reset()).toMatchObject({ status: 0 });
    expect(existsSync(folder)).toBe(false);
  });

  it('is not kept from it by another process that has the number of the one that was cut off', () => {
    const system = { isOurs: true, pid: process.pid, birth: '1', url: 'http://127.0.0.1:1' };
    writeFileSync(join(folder, 'system.json'), JSON.stringify(system));
    expect(reset()).toMatchObject({ status: 0 });
    expect(existsSync(folder)).toBe(false);
  });

  it('removes nothing while a system runs', () => {
    const system = { pid: process.pid, url: 'http://127.0.0.1:1' };
    writeFileSync(join(folder, 'system.json'), JSON.stringify(system));
    const { status, output } = reset();
    expect(status).toBe(2);
    expect(output).toContain('stop it first');
    expect(existsSync(folder)).toBe(true);
  });

  it.each([
    ['that npm start has not made', () => undefined],
    ['that npm start has only been told to use', () => enter(folder)],
  ])('removes no folder %s', (_what, start) => {
    writeFileSync(join(folder, 'diary.txt'), 'dear diary');
    start();
    const { status, output } = reset();
    expect(status).toBe(2);
    expect(output).toContain('nothing removed');
    expect(existsSync(join(folder, 'diary.txt'))).toBe(true);
  });
});
