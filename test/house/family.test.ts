/** The parts of a system and what becomes of them when something fails beside them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Family, newFamily } from '../../scripts/family.mjs';

const TALKS = `
  process.stderr.write('something to say\\n');
  process.stdout.write('{"ready":true}\\n');
  setInterval(() => process.stderr.write('and more\\n'), 5);`;

/** Starts a part and says its number. */
const PARENT = `
  const { newFamily } = await import(process.argv[1]);
  const part = 'process.stdout.write(JSON.stringify({ ready: true, pid: process.pid }) + "\\\\n"); setInterval(() => 0, 1000)';
  const { pid } = await newFamily(process.argv[2]).start('part', ['-e', part]).ready;
  console.log(pid);`;
const FAMILY = fileURLToPath(new URL('../../scripts/family.mjs', import.meta.url));

let logs: string;
let family: Family;
beforeEach(async () => {
  logs = await mkdtemp(join(tmpdir(), 'holdfast-family-'));
  family = newFamily(logs);
});
afterEach(async () => {
  await family.stop();
  await rm(logs, { recursive: true, force: true });
});

describe('a part of a system', () => {
  it('comes back when it was killed, and its log goes on', async () => {
    await family.start('part', ['-e', TALKS]).ready;
    await family.kill('part');
    await family.stop();
    const said = await readFile(join(logs, 'part.log'), 'utf8');
    expect(said.match(/something to say\n/g)).toHaveLength(2);
  });

  it('ends with whoever started it, though that was killed', async () => {
    const parent = spawn(
      process.execPath,
      ['--input-type=module', '--eval', PARENT, FAMILY, logs],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [said] = (await once(parent.stdout, 'data')) as [Buffer];
    const part = Number(said.toString());
    expect(isThere(part)).toBe(true);
    parent.kill('SIGKILL');
    while (isThere(part)) await delay(10);
  });

  it('goes on with all others where its log cannot be written', async () => {
    await symlink('/dev/full', join(logs, 'part.log'));
    await family.start('part', ['-e', TALKS]).ready;
    await family.kill('part');
    await family.start('other', ['-e', TALKS]).ready;
    await family.stop();
    expect(await readFile(join(logs, 'other.log'), 'utf8')).toContain('something to say');
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
