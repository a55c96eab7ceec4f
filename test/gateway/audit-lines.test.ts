import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openAuditLines, spentToday } from '../../gateway/src/key-server/audit-lines.ts';

const AT = '2026-11-21T09:00:00.000Z';
const NOW = Date.parse(AT);
const OWNER = 'ab'.repeat(32);

describe('the audit lines of a key server', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-lines-'));
    path = join(folder, 'audit-2026-11-21.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function write(...elements: number[]): Promise<void> {
    const lines = await openAuditLines(folder);
    for (const count of elements) {
      await lines.write({ at: AT, ownerId: OWNER, key: `key-${count}`, elements: count });
    }
    await lines.close();
  }
  const spent = async () => (await spentToday(folder, NOW)).owners.get(OWNER) ?? 0;

  it('count what was answered, and go on behind it', async () => {
    await write(1, 2);
    await write(4);
    expect(await spent()).toBe(7);
  });

  it('are whole again wherever a crash cut them off, and the next one stands alone', async () => {
    await write(1, 2, 4);
    const whole = await readFile(path);
    for (let cut = 0; cut <= whole.length; cut += 7) {
      await writeFile(path, whole.subarray(0, cut));
      const kept = whole.subarray(0, cut).toString().split('\n').length - 1;
      await write(8);
      expect(await spent()).toBe(8 + ([0, 1, 3, 7][kept] ?? Number.NaN));
    }
  });

  it('are whole again where a crash left zeros in place of the last ones', async () => {
    await write(1, 2);
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole, Buffer.alloc(100), Buffer.from('\n')]));
    await write(8);
    expect(await spent()).toBe(11);
  });

  it('are not read past damage: what was answered would be forgotten', async () => {
    await write(1, 2, 4);
    const whole = await readFile(path);
    whole[3] = 0;
    await writeFile(path, whole);
    await expect(spent()).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await readFile(path)).toEqual(whole);
  });
});
