import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WORD_LIST } from '@holdfast/protocol/phrase.js';
import { ERRORS, HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import { tellError } from '../../client/src/cli/output.ts';
import { checkPassword } from '@holdfast/protocol/password.js';
import { newPassword } from '../../client/src/cli/password.ts';
import { Interrupted } from '../../client/src/cli/terminal.ts';
import { ageText, chanceText, sizeText, table } from '../../client/src/cli/words.ts';
import { removeDrafts, safeName, saveFile } from '../../client/src/save-file.ts';
import { holdfast } from './command-line.ts';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-cli-'));
  await writeFile(join(home, 'some.txt'), 'some bytes');
});
afterAll(() => rm(home, { recursive: true, force: true }));

const env = () => ({ HOLDFAST_HOME: join(home, 'none') });

describe('bad usage', () => {
  it.each([
    [[], 'no command'],
    [['send'], 'unknown command'],
    [['put'], 'missing required argument'],
    [['ls', '--all'], 'unknown option'],
    [['audit', 'x', '--blocks', '0'], 'expected a number of blocks, or all'],
    [['audit', 'x', '--blocks', 'some'], 'expected a number of blocks, or all'],
    [['put', 'x', '--block-size', '128'], 'Allowed choices are 64, 256'],
  ])('%j ends with 2 and says what is wrong', async (argv, words) => {
    const { exit, stdout, stderr } = await holdfast(argv, env());
    expect(exit).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('INPUT_INVALID · exit 2');
    expect(stderr.toLowerCase()).toContain(words.toLowerCase());
  });

  it('tells of a missing file before anything else is asked', async () => {
    const { exit, stderr } = await holdfast(['put', join(home, 'nothing')], env());
    expect(exit).toBe(5);
    expect(stderr).toContain('NOT_FOUND · exit 5');
  });

  it('tells of a device without an owner, and what to do', async () => {
    for (const argv of [['ls'], ['put', join(home, 'some.txt')], ['get', 'x'], ['status', 'x']]) {
      const { exit, stderr } = await holdfast(argv, env());
      expect(exit).toBe(5);
      expect(stderr).toContain('→ holdfast init');
    }
  });
});

describe('where nobody can be asked', () => {
  it('names what is missing and ends with 2', async () => {
    const init = await holdfast(['init'], env());
    expect(init.exit).toBe(2);
    expect(init.stderr).toContain('HOLDFAST_PASSWORD is missing');
    const recover = await holdfast(['recover'], env());
    expect(recover.exit).toBe(2);
    expect(recover.stderr).toContain('--phrase-file is missing');
  });

  it('refuses a phrase that is none, without repeating it', async () => {
    const words = 'abandon '.repeat(24);
    const argv = ['recover', '--phrase-file', '-'];
    const strong = { ...env(), HOLDFAST_PASSWORD: 'granite otter walnut velvet' };
    const { exit, stderr } = await holdfast(argv, strong, words);
    expect(exit).toBe(2);
    expect(stderr).not.toContain('abandon');
  });
});

describe('--json', () => {
  it('ends with one error object, and standard error is silent', async () => {
    for (const argv of [
      ['ls', '--json'],
      ['init', '--json'],
      ['put', '--json'],
      ['x', '--json'],
    ]) {
      const ran = await holdfast(argv, env());
      expect(ran.stderr).toBe('');
      const last = ran.json().at(-1);
      expect(last).toMatchObject({ event: 'error', exit: ran.exit });
      expect(Object.keys(ERRORS)).toContain(last?.['code']);
    }
  });
});

describe('help', () => {
  it('lists the commands and ends with 0', async () => {
    const { exit, stdout } = await holdfast(['--help'], env());
    expect(exit).toBe(0);
    for (const name of ['init', 'put', 'get', 'ls', 'status', 'audit', 'recover']) {
      expect(stdout).toContain(`  ${name} `);
    }
  });
});

describe('an error', () => {
  it('has the exit code of the list that all doors share', () => {
    for (const [code, [, exit, title]] of Object.entries(ERRORS)) {
      const told = tellError(new HoldfastError(code as ErrorCode, 'some reason'));
      expect(told).toMatchObject({ code, exit, title, detail: 'Some reason.' });
    }
  });

  it('is 130 for Ctrl-C, and says how far sending had come', () => {
    expect(tellError(new Interrupted(), 'go on', 61)).toMatchObject({
      exit: 130,
      title: 'Stopped at 61 %',
      next: 'go on',
    });
  });

  it('of our own making is 1 and leaves a report, not a stack on the screen', async () => {
    const told = tellError(new Error('something broke'));
    expect(told).toMatchObject({ code: 'INTERNAL', exit: 1 });
    expect(told.detail).not.toContain('something broke');
    const path = /A report is in (.*)\.$/.exec(told.detail)?.[1] ?? '';
    expect(path).toContain('holdfast-report-');
    await rm(path);
  });
});

describe('passwords', () => {
  it.each([
    'short',
    'aaaaaaaaaaaaaaaaaaaa',
    'abcdefghijklmnop',
    'abababababababababab',
    '12345678901234567890',
    'password',
    'Passwordpassword1',
    'holdfastholdfast',
    'qwertyqwerty123',
  ])('refuses %s', (password) => {
    expect(() => checkPassword(password)).toThrow('INPUT_INVALID');
  });

  it.each(['granite otter walnut velvet', 'Tr0ub4dor&3-x9Kq', 'seven words nobody would guess'])(
    'takes %s',
    (password) => {
      expect(() => checkPassword(password)).not.toThrow();
    },
  );

  it('makes seven words of the list, which it would take itself', () => {
    for (let i = 0; i < 50; i++) {
      const password = newPassword();
      const words = password.split('-');
      expect(words).toHaveLength(7);
      expect(words.every((word) => WORD_LIST.includes(word))).toBe(true);
      expect(() => checkPassword(password)).not.toThrow();
    }
  });

  it('draws each word evenly: eleven bits of two bytes', () => {
    const password = newPassword(() => Uint8Array.of(0xf8, 0x03));
    expect(password).toBe(Array.from({ length: 7 }, () => WORD_LIST[3]).join('-'));
  });
});

describe('words', () => {
  it('write sizes, ages and chances as people read them', () => {
    expect([0, 1, 12_288, 2 ** 30, 778_043_392].map(sizeText)).toEqual([
      '0 B',
      '1 B',
      '12 KiB',
      '1.0 GiB',
      '742 MiB',
    ]);
    expect([4, 240, 7_200, 259_200].map(ageText)).toEqual([
      '4 s ago',
      '4 m ago',
      '2 h ago',
      '3 d ago',
    ]);
    expect(chanceText(0.9329)).toBe('93.2 %');
    expect(chanceText(0.99999)).toBe('> 99.9 %');
    expect(chanceText(1)).toBe('100.0 %');
  });

  it('align columns', () => {
    expect(
      table([
        ['NAME', 'SIZE'],
        ['größe.txt', '1 B'],
      ]),
    ).toBe('NAME       SIZE\ngröße.txt  1 B');
  });
});

describe('a download on disk', () => {
  async function* bytes(...parts: string[]) {
    for (const part of parts) {
      if (part === 'fail') throw new HoldfastError('ANSWER_FALSE', 'block 3');
      yield Buffer.from(part);
    }
  }

  it('appears when it is whole', async () => {
    const path = join(home, 'whole', 'file');
    expect(await saveFile(path, bytes('ab', 'c'))).toBe(3);
    expect(await readdir(join(home, 'whole'))).toEqual(['file']);
  });

  it('leaves nothing behind where a block fails', async () => {
    const path = join(home, 'broken', 'file');
    await expect(saveFile(path, bytes('ab', 'fail'))).rejects.toThrow('block 3');
    expect(await readdir(join(home, 'broken'))).toEqual([]);
  });

  it('is rid of what a killed process had left there, and of nothing else', async () => {
    const folder = join(home, 'killed');
    const dead = execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
    const others = ['file.1-0123abcd.part.txt', `another.${dead}-0123abcd.part`, 'file.part'];
    const running = `file.${process.pid}-0123abcd.part`;
    await mkdir(folder);
    for (const name of [`file.${dead}-0123abcd.part`, running, ...others]) {
      await writeFile(join(folder, name), 'abc');
    }
    expect(await removeDrafts(join(folder, 'file'))).toBe(3);
    expect((await readdir(folder)).toSorted()).toEqual([running, ...others].toSorted());
  });

  it('replaces nothing unless told to', async () => {
    const path = join(home, 'twice', 'file');
    await saveFile(path, bytes('a'));
    await expect(saveFile(path, bytes('b'))).rejects.toThrow('ALREADY_EXISTS');
    await saveFile(path, bytes('bb'), { force: true });
    expect(await readdir(join(home, 'twice'))).toEqual(['file']);
  });

  it.each([
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['a/b\\c:d', 'a_b_c_d'],
    ['..', '_..'],
    ['', '_'],
    ['line\nbreak', 'line_break'],
    // longer than any file system takes
    ['é'.repeat(250), 'é'.repeat(100)],
    [`a${'😀'.repeat(80)}`, `a${'😀'.repeat(49)}`],
  ])('is never named outside its folder, or too long for it: %j', (name, expected) => {
    expect(safeName(name)).toBe(expected);
  });
});
