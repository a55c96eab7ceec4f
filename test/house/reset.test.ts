import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

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
    writeFileSync(join(folder, 'system.json'), '{}');
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

  it('removes no folder that npm start has not made', () => {
    writeFileSync(join(folder, 'diary.txt'), 'dear diary');
    const { status, output } = reset();
    expect(status).toBe(2);
    expect(output).toContain('nothing removed');
    expect(existsSync(join(folder, 'diary.txt'))).toBe(true);
  });
});
