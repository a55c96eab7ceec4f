import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../../../gateway/src/storage/database.ts';
import { openStore } from '../../../gateway/src/store.ts';

const PROGRAM = fileURLToPath(new URL('full-disk.mjs', import.meta.url));
const put = (key: string) => ({ type: 'put', key, value: Uint8Array.of(1) }) as const;

describe('a database', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-database-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('has all of what is written at once, each whole', async () => {
    const database = await openDatabase(folder, '1');
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    await Promise.all(keys.map((key) => database.write([put(key), put(`${key}/twin`)])));
    await database.close();
    const again = await openDatabase(folder, '1');
    expect((await again.level.keys().all()).length).toBe(101);
    await again.close();
  });

  it('is open in one process at a time', async () => {
    const database = await openDatabase(folder, '1');
    await expect(openStore(folder)).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      detail: `${folder} is open in another process`,
    });
    await database.close();
  });

  it('is not opened in a format that it does not know', async () => {
    await (await openDatabase(folder, '2')).close();
    await expect(openStore(folder)).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      detail: `${folder} has format 2, and this version reads 1`,
    });
    await (await openDatabase(folder, '2')).close();
  });

  const reason = whyNoSmallDisk();
  (reason === undefined ? describe : describe.skip)(
    `on a disk that gets full${reason === undefined ? '' : ` (${reason})`}`,
    () => {
      /** Runs the program on a disk of 6 MB, and looks what is there after it died. */
      async function runOn(how: string): Promise<{ said: string[]; kept: Set<string> }> {
        const look =
          `const { ClassicLevel } = await import('${import.meta.resolve('classic-level')}');` +
          `const level = new ClassicLevel('${folder}/disk/records'); await level.open();` +
          "console.log('kept', ...(await level.keys().all()));";
        const script = [
          `mkdir ${folder}/disk && mount -t tmpfs -o size=6m tmpfs ${folder}/disk`,
          `{ ${process.execPath} ${PROGRAM} ${folder}/disk ${how} || true; }`,
          `${process.execPath} --input-type=module -e "${look}"`,
        ].join(' && ');
        const said = await new Promise<string>((resolve, reject) => {
          execFile('unshare', ['-m', 'sh', '-c', script], (error, stdout) =>
            error === null ? resolve(stdout) : reject(error),
          );
        });
        const lines = said.trim().split('\n');
        return { said: lines, kept: new Set(lines.at(-1)?.split(' ').slice(1)) };
      }

      const lost = ({ said, kept }: { said: string[]; kept: Set<string> }) =>
        said
          .filter((line) => line.startsWith('stored '))
          .map((line) => line.slice('stored '.length))
          .filter((key) => !kept.has(key));

      it('says so, and loses nothing that it acknowledged before and after', async () => {
        const outcome = await runOn('ours');
        expect(outcome.said.filter((line) => line === 'refused STORE_FULL')).toHaveLength(3);
        expect(lost(outcome)).toEqual([]);
      }, 30_000);

      it('would lose what LevelDB writes behind a record that was cut off', async () => {
        expect(lost(await runOn('bare')).length).toBeGreaterThan(0);
      }, 30_000);
    },
  );
});

function whyNoSmallDisk(): string | undefined {
  try {
    const script = 'mount -t tmpfs -o size=1m tmpfs /mnt';
    execFileSync('unshare', ['-m', 'sh', '-c', script], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'mounting a small disk is not allowed here';
  }
}
