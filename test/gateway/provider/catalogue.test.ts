import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { concat, equalBytes } from '@holdfast/protocol/bytes.js';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import {
  hold,
  openCatalogue,
  putJob,
  putTail,
  release,
  removeJob,
  type Catalogue,
} from '../../../gateway/src/provider/catalogue.ts';
import { RUNS, seededRandom } from '../../support/property.ts';

describe('catalogue', () => {
  let folder: string;
  let catalogue: Catalogue;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-catalogue-'));
    catalogue = await openCatalogue(folder);
  });
  afterEach(async () => {
    await catalogue.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('reads back any range of bytes that were appended in any pieces', async () => {
    const whole = seededRandom()(150_000);
    const cuts = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 8 });
    let id = 0;
    await fc.assert(
      fc.asyncProperty(cuts, fc.nat(150_000), fc.nat(150_000), async (lengths, a, b) => {
        const file = String(id++);
        let end = 0;
        for (const length of lengths) {
          const piece = whole.slice(end, end + length);
          await catalogue.write(await catalogue.pages('tags', file, end, piece));
          end += piece.length;
        }
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const there = whole.slice(0, end);
        expect(equalBytes(await catalogue.allBytes('tags', file), there)).toBe(true);
        const range = await catalogue.bytes('tags', file, from, to);
        expect(equalBytes(range, there.slice(from, to))).toBe(true);
      }),
      RUNS,
    );
  });

  it('writes again from an earlier offset on, and drops what it is told to drop', async () => {
    const [a, b] = [new Uint8Array(100_000).fill(1), new Uint8Array(100).fill(2)];
    await catalogue.write(await catalogue.pages('leaves', 'file', 0, a));
    await catalogue.write(await catalogue.pages('leaves', 'file', 500, b));
    expect(await catalogue.bytes('leaves', 'file', 0, 600)).toEqual(concat(a.slice(0, 500), b));
    await catalogue.write(await catalogue.dropPages('leaves', 'file'));
    expect(await catalogue.allBytes('leaves', 'file')).toEqual(new Uint8Array());
  });

  it('knows who refers to a block, from both sides', async () => {
    const [one, two] = ['a'.repeat(64), 'b'.repeat(64)];
    await catalogue.write([...hold('11', one), ...hold('11', two), ...hold('22', two)]);
    expect(await catalogue.holders('11')).toEqual([one, two]);
    expect(await catalogue.held(two)).toEqual(['11', '22']);
    await catalogue.write(release('11', two));
    expect(await catalogue.holders('11')).toEqual([one]);
    expect(await catalogue.held(two)).toEqual(['22']);
  });

  it('keeps jobs, one of a kind a file and node, until they are done', async () => {
    const job = { kind: 'repair', fileId: 'f', node: 'n', epoch: 3, uids: [1] } as const;
    await catalogue.write([putJob(job), putJob({ kind: 'fill', fileId: 'f', node: 'n' })]);
    await catalogue.write([putJob({ ...job, epoch: 4, uids: [2] })]);
    expect(await catalogue.jobs()).toEqual([
      { kind: 'fill', fileId: 'f', node: 'n' },
      { ...job, epoch: 4, uids: [2] },
    ]);
    await catalogue.write([removeJob(job)]);
    expect(await catalogue.jobs()).toHaveLength(1);
  });

  it('is open in one process at a time, and in one format', async () => {
    await expect(openCatalogue(folder)).rejects.toMatchObject({
      code: 'STORAGE_UNREACHABLE',
      detail: expect.stringContaining('another process'),
    });
    await catalogue.close();
    const level = new ClassicLevel(folder);
    await level.put('format', '2');
    await level.close();
    await expect(openCatalogue(folder)).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' });
    const again = new ClassicLevel(folder);
    await again.put('format', '1');
    await again.close();
    catalogue = await openCatalogue(folder);
    await catalogue.write([putTail('f', Uint8Array.of(1))]);
    expect(await catalogue.tail('f')).toEqual(Uint8Array.of(1));
  });

  it.each([40, 90, 150])(
    'has every write it acknowledged after a kill -9 (after %d), and none by half',
    async (count) => {
      await catalogue.close();
      const last = await killedWriter(folder, count);
      catalogue = await openCatalogue(folder);
      // Write k holds block k, names k in the tail and k bytes of tags, or does nothing of it.
      const [tail] = await catalogue.tail('file');
      const held = await catalogue.held('file');
      expect(tail).toBeGreaterThanOrEqual(last);
      expect(held).toHaveLength(tail ?? 0);
      for (const digest of held) expect(await catalogue.holders(digest)).toEqual(['file']);
      expect(await catalogue.allBytes('tags', 'file')).toHaveLength((tail ?? 0) * 1000);
    },
    30_000,
  );
});

/** Lets a child write until it has acknowledged `count` writes. @returns the last one acknowledged. */
async function killedWriter(folder: string, count: number): Promise<number> {
  const script = fileURLToPath(new URL('./catalogue-writer.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    if (last === count) child.kill('SIGKILL');
  }
  return last;
}
