/** No circle of files, and none that nothing reaches: each planted in a house that passes without it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const SOUND: Record<string, string> = {
  'package.json': '{"scripts": {"start": "node scripts/first.mjs start"}}',
  'scripts/first.mjs': '',
  'scripts/start.mjs': `const program = 'gateway/dist/main.js';`,
  'gateway/src/main.ts': `import './app.ts';\nnew URL('./worker.js', import.meta.url);`,
  'gateway/src/app.ts': `import type { Key } from '@holdfast/protocol/key.js';`,
  'gateway/src/worker.ts': '',
  'protocol/src/key.ts': '',
  'test/app.test.ts': `import '../gateway/src/app.ts';\nimport './support/stage.ts';`,
  'test/support/stage.ts': '',
};

let folder: string;

function write(files: Record<string, string>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}

function complaints(): { status: number | null; found: string[] } {
  const command = ['scripts/first.mjs', 'rooms', folder];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { status, found: stderr.split('\n').filter((line) => line.startsWith('✕')) };
}

describe('npm run rooms', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-files-'));
    write(SOUND);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('passes a sound house', () => {
    expect(complaints()).toEqual({ status: 0, found: [] });
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'a circle',
      {
        'gateway/src/app.ts': `import { Key } from '@holdfast/protocol/key.js';\nimport './one.ts';`,
        'gateway/src/one.ts': `import './two.ts';`,
        'gateway/src/two.ts': `export { one } from './app.ts';`,
      },
      '✕ gateway/src/app.ts gateway/src/one.ts gateway/src/two.ts: in a circle',
    ],
    [
      'a circle of types',
      {
        'protocol/src/key.ts': `import type { A } from './a.ts';`,
        'protocol/src/a.ts': `import type { Key } from './key.ts';`,
      },
      '✕ protocol/src/a.ts protocol/src/key.ts: in a circle',
    ],
    [
      'a circle of scripts',
      {
        'scripts/start.mjs': `const program = 'gateway/dist/main.js';\nawait import('./stop.mjs');`,
        'scripts/stop.mjs': `import './start.mjs';`,
      },
      '✕ scripts/start.mjs scripts/stop.mjs: in a circle',
    ],
    ['a dead file', { 'gateway/src/old.ts': '' }, '✕ gateway/src/old.ts: nothing reaches it'],
    [
      'a dead file of the network',
      { 'network/old.mjs': '' },
      '✕ network/old.mjs: nothing reaches it',
    ],
    ['a dead script', { 'scripts/old.mjs': '' }, '✕ scripts/old.mjs: nothing reaches it'],
    [
      'a file that only its test reaches',
      { 'gateway/src/old.ts': '', 'test/old.test.ts': `import '../gateway/src/old.ts';` },
      '✕ gateway/src/old.ts: nothing reaches it',
    ],
    [
      'a dead file of the tests',
      { 'test/support/old.ts': '' },
      '✕ test/support/old.ts: nothing reaches it',
    ],
    [
      'a file said to be for tests only that runs',
      { 'protocol/src/key.ts': `import './ownership.ts';`, 'protocol/src/ownership.ts': '' },
      '✕ protocol/src/ownership.ts: is reached, and said to be for tests only',
    ],
  ])('refuses %s', (_, planted, complaint) => {
    write(planted);
    expect(complaints()).toEqual({ status: 1, found: [complaint] });
  });
});
