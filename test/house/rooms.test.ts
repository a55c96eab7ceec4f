import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** File -> [its text, the lint rule that must refuse it, whether `npm run rooms` must refuse it too]. */
const PLANTED: Record<string, readonly [text: string, rule: string, arrow: boolean]> = {
  'gateway/src/by-name.ts': [`import '@holdfast/chaincode';`, 'no-restricted-imports', true],
  'gateway/src/by-path.ts': [
    `import '../../chaincode/src/index.ts';`,
    'no-restricted-imports',
    true,
  ],
  'gateway/src/by-dist.ts': [
    `import '../../chaincode/dist/index.js';`,
    'no-restricted-imports',
    true,
  ],
  'client/src/gateway.ts': [`import '@holdfast/gateway/app.js';`, 'no-restricted-imports', true],
  'chaincode/src/client.ts': [`import '@holdfast/client/owner.js';`, 'no-restricted-imports', true],
  'network/devpeer/src/protocol.ts': [
    `import '@holdfast/protocol/hash.js';`,
    'no-restricted-imports',
    true,
  ],
  'protocol/src/room.ts': [`import '@holdfast/client/owner.js';`, 'no-restricted-imports', true],
  'protocol/src/node.ts': [
    `import { readFileSync } from 'node:fs';\nexport const read = readFileSync;`,
    'no-restricted-imports',
    false,
  ],
  'protocol/src/date.ts': [`export const now = Date.now();`, 'no-restricted-globals', false],
  'chaincode/src/date.ts': [`export const now = new Date();`, 'no-restricted-globals', false],
  'chaincode/src/random.ts': [
    `export const draw = Math.random();`,
    'no-restricted-properties',
    false,
  ],
  'chaincode/src/locale.ts': [
    `export const order = (a: string, b: string) => a.localeCompare(b);`,
    'no-restricted-properties',
    false,
  ],
  'chaincode/src/lost.ts': [
    `const put = async (): Promise<void> => undefined;\nexport function write(): void {\n  put();\n}`,
    'no-floating-promises',
    false,
  ],
  'chaincode/src/voided.ts': [
    `const put = async (): Promise<void> => undefined;\nexport function write(): void {\n  void put();\n}`,
    'no-floating-promises',
    false,
  ],
  'client/src/circle-there.ts': [
    `import type { Back } from './circle-back.ts';\nexport type There = Back;`,
    'no-cycle',
    false,
  ],
  'client/src/circle-back.ts': [
    `import type { There } from './circle-there.ts';\nexport type Back = There;`,
    'no-cycle',
    false,
  ],
  'gateway/src/long.ts': [`// a comment is a line too\n`.repeat(301), 'max-lines', false],
};

const root = process.cwd();
let folder: string;

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('the rules between the rooms', () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-rooms-'));
    for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) {
      cpSync(join(root, file), join(folder, file));
    }
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const room of ['protocol', 'chaincode', 'gateway', 'client', 'network/devpeer']) {
      mkdirSync(join(folder, room, 'src'), { recursive: true });
      const config = room === 'network/devpeer' ? '../../tsconfig.json' : '../tsconfig.json';
      writeFileSync(
        join(folder, room, 'tsconfig.json'),
        JSON.stringify({ extends: config, include: ['src'] }),
      );
    }
    for (const [file, [text]] of Object.entries(PLANTED)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), `${text}\n`);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('refuse every planted violation in the linter', () => {
    const { output } = run(
      join(root, 'node_modules/oxlint/bin/oxlint'),
      '--type-aware',
      '--format',
      'unix',
    );
    const missed = Object.entries(PLANTED).filter(
      ([file, [, rule]]) =>
        !output.split('\n').some((line) => line.includes(`${file}:`) && line.includes(rule)),
    );
    expect(missed.map(([file]) => file)).toEqual([]);
  });

  it('refuse every wrong arrow in the picture, and name it', () => {
    const { status, output } = run(join(root, 'scripts/first.mjs'), 'rooms', folder);
    expect(status).toBe(1);
    const wrong = Object.entries(PLANTED).filter(([, [, , arrow]]) => arrow);
    expect(wrong.map(([file]) => file).filter((file) => !output.includes(file))).toEqual([]);
  });

  it('let the rooms as they are pass', () => {
    const { status, output } = run(join(root, 'scripts/first.mjs'), 'rooms');
    expect({ status, output }).toMatchObject({ status: 0 });
  });
});
