/** What a gateway says when its disk is not as it left it: never that all is well, and never that it is somebody else's fault. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { openAuditLines, spentToday } from '../../../gateway/src/key-server/audit-lines.ts';
import { withSize } from '../../../gateway/src/managed/sized-source.ts';
import { privateFile } from '../../../gateway/src/private-files.ts';
import { openDatabase } from '../../../gateway/src/storage/database.ts';
import { hex } from '@holdfast/protocol/bytes.js';
import { inChunks, joined, manyBytes } from '../../support/sealing.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-faults-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a database', () => {
  it('that is damaged is not opened, and not begun anew', async () => {
    const path = join(folder, 'records');
    const database = await openDatabase(path, '1');
    await database.write([{ type: 'put', key: 'a', value: Uint8Array.of(1) }]);
    await database.close();
    await writeFile(join(path, 'CURRENT'), 'MANIFEST-999999\n');
    for (let tries = 0; tries < 2; tries++) {
      await expect(openDatabase(path, '1')).rejects.toMatchObject({
        code: 'STORAGE_UNREACHABLE',
        detail: `${path} cannot be opened`,
      });
    }
  });

  it('is not made in the place of what is there already', async () => {
    const path = join(folder, 'records');
    await mkdir(join(path, 'something'), { recursive: true });
    await expect(openDatabase(path, '1')).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
    });
    expect(await readdir(path)).toEqual(['something']);
  });

  it('says of a write that fails that it failed, and goes on with the next', async () => {
    const path = join(folder, 'records');
    const database = await openDatabase(path, '1');
    await database.level.close();
    const put = (key: string) => database.write([{ type: 'put', key, value: Uint8Array.of(1) }]);
    const [first, second] = [put('a'), put('b')];
    await expect(first).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      detail: `${path} cannot be written`,
    });
    // the one after it opens the database anew
    await second;
    expect(await database.level.keys().all()).toEqual(['b', 'format']);
    await database.close();
  });
});

describe('a key server’s audit lines', () => {
  const AT = '2026-11-21T09:00:00.000Z';
  const line = { at: AT, ownerId: 'ab'.repeat(32), key: 'key', elements: 1 };

  it('that cannot be read or written let nothing be answered', async () => {
    await mkdir(join(folder, 'audit-2026-11-21.jsonl'));
    await expect(spentToday(folder, Date.parse(AT))).rejects.toThrow('EISDIR');
    const lines = await openAuditLines(folder);
    await expect(lines.write(line)).rejects.toThrow('EISDIR');
    await rm(join(folder, 'audit-2026-11-21.jsonl'), { recursive: true });
    await lines.write(line);
    await lines.close();
    expect((await spentToday(folder, Date.parse(AT))).owners.get(line.ownerId)).toBe(1);
  });
});

describe('a private file', () => {
  it('is made once, and not where it cannot be read', async () => {
    const path = join(folder, 'keys', 'secret');
    const made: number[] = [];
    const make = () => Uint8Array.of(made.push(7));
    const both = await Promise.all([privateFile(path, make), privateFile(path, make)]);
    expect(both.map(hex)).toEqual([
      hex(both[0] ?? new Uint8Array()),
      hex(both[0] ?? new Uint8Array()),
    ]);
    expect(await readdir(join(folder, 'keys'))).toEqual(['secret']);
    await expect(privateFile(join(folder, 'keys'), make)).rejects.toThrow('EISDIR');
    await expect(
      privateFile(join(folder, 'other'), () => Promise.reject(new Error('no randomness'))),
    ).rejects.toThrow('no randomness');
    expect(await readdir(folder)).toEqual(['keys']);
  });
});

describe('a body of unknown length', () => {
  const bytes = manyBytes(1_500_000);
  const measured = async (length?: number) =>
    withSize(inChunks(bytes), length, folder, async ({ size, source }) => {
      expect(await readdir(folder)).toEqual([]);
      return { size, text: hex(await joined(source)) };
    });

  it('is the same bytes with their number, and never has a name on disk', async () => {
    const expected = { size: bytes.length, text: hex(bytes) };
    expect(await measured()).toEqual(expected);
    expect(await measured(bytes.length)).toEqual(expected);
  });

  it('that breaks off is none, and leaves nothing', async () => {
    async function* broken() {
      yield Uint8Array.of(1);
      throw new HoldfastError('INPUT_INVALID', 'broken off');
    }
    const refused = withSize(broken(), undefined, folder, () => Promise.reject(new Error('begun')));
    await expect(refused).rejects.toMatchObject({ detail: 'broken off' });
    expect(await readdir(folder)).toEqual([]);
  });
});
