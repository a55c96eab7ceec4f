import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { basicCredentials } from '../../gateway/src/http/basic-auth.ts';
import { HttpRefusal } from '../../gateway/src/http/problem.ts';
import { newGuesses } from '../../gateway/src/managed/guesses.ts';
import { withSize } from '../../gateway/src/managed/sized-source.ts';
import { newTurns } from '../../gateway/src/managed/turns.ts';
import { basic } from '../support/managed-owner.ts';
import { filesHolding } from '../support/plaintext-scan.ts';
import { seededRandom } from '../support/property.ts';

const refusalOf = (error: unknown): HttpRefusal => {
  if (error instanceof HttpRefusal) return error;
  throw error;
};

describe('turns', () => {
  it('are taken by few at once; some wait, and the others are told when to come back', async () => {
    const turns = newTurns({ width: 2, waiting: 3, retryAfter: 7 });
    let running = 0;
    let most = 0;
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      await gate;
      running -= 1;
    };
    const tried = Array.from({ length: 8 }, () => turns(work).then(() => 'done', refusalOf));
    open();
    const outcomes = await Promise.all(tried);
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(5);
    const refused = outcomes.filter((outcome) => outcome instanceof HttpRefusal);
    expect(refused.map(({ code, headers }) => [code, headers])).toEqual(
      Array.from({ length: 3 }, () => ['RATE_LIMITED', { 'Retry-After': '7' }]),
    );
    expect(most).toBe(2);
  });

  it('are given back by work that fails', async () => {
    const turns = newTurns({ width: 1, waiting: 0, retryAfter: 1 });
    await expect(turns(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(turns(() => Promise.resolve(3))).resolves.toBe(3);
  });
});

describe('wrong passwords', () => {
  it('cost nothing five times, then twice as long each time, a quarter of an hour at most', () => {
    let now = 0;
    const guesses = newGuesses(() => now);
    const waits = Array.from({ length: 18 }, () => {
      guesses.failed('anna');
      const began = now;
      for (;;) {
        try {
          guesses.expectPatience('anna');
          return (now - began) / 1000;
        } catch (error) {
          now += 1000 * Number(refusalOf(error).headers['Retry-After']);
        }
      }
    });
    expect(waits).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]);
  });

  it("are forgotten when the right one comes, and are nobody else's", () => {
    const guesses = newGuesses(() => 0);
    for (let i = 0; i < 9; i++) guesses.failed('anna');
    expect(() => guesses.expectPatience('anna')).toThrow('RATE_LIMITED');
    expect(() => guesses.expectPatience('ben')).not.toThrow();
    guesses.passed('anna');
    expect(() => guesses.expectPatience('anna')).not.toThrow();
  });
});

describe('basic credentials', () => {
  it('may have colons in the password, and letters of any script', () => {
    const given = basicCredentials(basic('anna', 'a:b:ß'));
    expect(given).toEqual({ name: 'anna', password: 'a:b:ß' });
  });

  it('are none where another scheme stands', () => {
    expect(basicCredentials(undefined)).toBeUndefined();
    expect(basicCredentials('Bearer abc')).toBeUndefined();
  });

  it.each(['Basic', 'Basic ', 'Basic YW5uYQ==', 'Basic /w==', basic('', 'x'), basic('a/b', 'x')])(
    'are refused where they are not well-formed: %s',
    (header) => {
      const read = () => basicCredentials(header === 'Basic' ? 'Basic ' : header);
      expect(read).toThrow('INPUT_INVALID');
    },
  );
});

describe('a body of unknown length', () => {
  const plaintext = seededRandom()(3_000_000);
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-measuring-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < plaintext.length; at += 70_001) yield plaintext.subarray(at, at + 70_001);
  }

  it('is measured, and is the same afterwards', async () => {
    const [size, back] = await withSize(pieces(), undefined, folder, async (file) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of file.source) chunks.push(chunk);
      return [file.size, Buffer.concat(chunks)] as const;
    });
    expect(size).toBe(plaintext.length);
    expect(back.equals(plaintext)).toBe(true);
  });

  it('never has a name on disk, nor plaintext, while it is measured', async () => {
    const needle = plaintext.subarray(100, 132);
    const found = await withSize(pieces(), undefined, folder, async () => [
      ...(await readdir(folder)),
      ...(await filesHolding('/proc/self/fd', [needle]).catch(() => [])),
    ]);
    expect(found).toEqual([]);
  });
});
