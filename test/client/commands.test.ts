/** What a person reads and a script gets, command by command: against a whole gateway in this process, honest or not. */
// First: it silences what fabric-shim installs when it is imported.
import { newGatewayStage, type GatewayStage } from '../support/gateway-stage.ts';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { FileList } from '@holdfast/protocol/file-messages.js';
import { WORD_LIST } from '@holdfast/protocol/phrase.js';
import { damageBlock } from '../../scripts/damage.mjs';
import { Owner } from '../../client/src/owner.ts';
import { answerHonestly, answerWith } from '../support/forged-answers.ts';
import { holdfast } from './command-line.ts';
import { holdfastTyped, type Typed } from './typed-terminal.ts';

// each command costs half a second of scrypt on a machine that has nothing else to do
jest.setTimeout(120_000);

const ENTER = '\r';
const INTERRUPT = '\u0003';
const ERASE = '\u007f';
const NEW_PASSWORD = 'granite otter walnut velvet';
const CONTENT = randomBytes(300_000);
const SLOT_MS = 30_000;

let stage: GatewayStage;
let folder: string;
/** The seven words that the first `init` made. */
let password: string;
let phrase: string;
let owner: Owner;

const home = (name = 'home') => join(folder, name);
const env = (name = 'home') => ({ HOLDFAST_HOME: home(name), HOLDFAST_GATEWAY: stage.url() });
const run = (...argv: string[]) => holdfast(argv, { ...env(), HOLDFAST_PASSWORD: password });
/** In small blocks: each is proved in a quarter of the time. */
const put = (path: string, ...argv: string[]) => run('put', path, '--block-size', '64', ...argv);

const phraseOn = (screen: string): string[] => {
  const shown = /shown once:\s+([a-z\s]+?)\n\n/.exec(screen)?.[1] ?? '';
  return shown.trim().split(/\s+/);
};

/** Lets slots pass on every clock while something waits for the ledger. */
async function asTimePasses<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  const finished = work.finally(() => {
    isDone = true;
  });
  finished.catch(() => undefined); // whoever waits is told below
  while (!isDone) {
    stage.pass(SLOT_MS);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  return finished;
}

beforeAll(async () => {
  stage = await newGatewayStage();
  folder = await mkdtemp(join(tmpdir(), 'holdfast-commands-'));
  await writeFile(join(folder, 'letter'), CONTENT);
});
afterAll(async () => {
  await stage.close();
  await rm(folder, { recursive: true, force: true });
});
afterEach(answerHonestly);

describe('init at a terminal', () => {
  it('makes seven words on Enter, shows the phrase, and goes on when two of its words are typed', async () => {
    const words = (screen: string) => phraseOn(screen);
    const { exit, screen } = await holdfastTyped(['init'], env(), [
      ['Password (Enter: I make seven words): ', ENTER],
      ['Type words 3 and 17 to go on: ', `not these${ENTER}`],
      [
        'Type words 3 and 17 to go on: ',
        (shown) => `  ${words(shown)[2]?.toUpperCase()}  ${words(shown)[16]} ${ENTER}`,
      ],
    ]);
    expect(exit).toBe(0);
    expect(screen).toContain('Those are not the words.');
    expect(screen).toMatch(/Owner [0-9a-f]{4}…[0-9a-f]{2} at Alder, 1,000 tokens\./);
    expect(screen).toMatch(/Consortium [0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}\. Compare/);
    phrase = phraseOn(screen).join(' ');
    expect(phrase.split(' ')).toHaveLength(24);
    password = /^Password: (.*)$/m.exec(screen)?.[1] ?? '';
    expect(password.split('-').every((word) => WORD_LIST.includes(word))).toBe(true);
  });

  it('does not show what is typed, and unlocks with it', async () => {
    const { exit, screen } = await holdfastTyped(['ls'], env(), [
      ['Password: ', `x${ERASE}${password}${ENTER}`],
    ]);
    expect(exit).toBe(0);
    expect(screen).not.toContain(password);
    expect(screen).toContain('No files yet. Store one: holdfast put FILE');
  });

  it('says of a wrong password that nothing is lost', async () => {
    const { exit, screen } = await holdfastTyped(['ls'], env(), [['Password: ', `wrong${ENTER}`]]);
    expect(exit).toBe(7);
    expect(screen).toContain('SEED_LOCKED · exit 7');
    expect(screen).toContain('Nothing was changed; your files are safe.');
    expect(screen).toContain('→ Try again, or use your phrase: holdfast recover');
  });

  const mistyped: readonly [string, number, string, readonly Typed[]][] = [
    [
      'two passwords that differ',
      2,
      'The two passwords differ.',
      [
        ['Password (', `${NEW_PASSWORD}${ENTER}`],
        ['Once more: ', `${NEW_PASSWORD}s${ENTER}`],
      ],
    ],
    ['a password that is easily guessed', 2, 'INPUT_INVALID', [['Password (', `password${ENTER}`]]],
    ['Ctrl-C at the password', 130, 'Nothing was changed.', [['Password (', INTERRUPT]]],
  ];
  it.each(mistyped)('ends at %s', async (_, expected, words, typed) => {
    const { exit, screen } = await holdfastTyped(['init'], env('mistyped'), typed);
    expect(screen).toContain(words);
    expect(exit).toBe(expected);
    await expect(readdir(home('mistyped'))).rejects.toThrow('ENOENT');
  });
});

describe('recover at a terminal', () => {
  it('ends with 130 at Ctrl-C', async () => {
    const { exit } = await holdfastTyped(['recover'], env('third'), [['24 words: ', INTERRUPT]]);
    expect(exit).toBe(130);
  });

  it('names a file of words that is not there', async () => {
    const { exit, stderr } = await run('recover', '--phrase-file', join(folder, 'nowhere'));
    expect(exit).toBe(5);
    expect(stderr).toContain(`No file at ${join(folder, 'nowhere')}.`);
  });
});

describe('put', () => {
  beforeAll(async () => {
    owner = await Owner.unlock({ home: home(), password });
  });

  it('tells ids, root and transaction where it is asked to', async () => {
    const { exit, stdout, stderr } = await put(join(folder, 'letter'), '-v');
    expect(exit).toBe(0);
    expect(stdout).toMatch(/^Stored letter {2}293 KiB · 6 blocks · 3 replicas · \d+\.\d s$/m);
    expect(stdout).toMatch(/^ {2}cid bafybei/m);
    expect(stdout).toMatch(/^ {2}root [0-9a-f]{64}$/m);
    expect(stdout).toMatch(/^ {2}tx [0-9a-f]{64}$/m);
    expect(stderr).toContain('2 of 2 key servers (Alder Cedar), answers verified');
    expect(stderr).toMatch(/recorded in ledger block \d+ ✓/);
  });

  it('is done with two of three nodes, and ends with 3: the third follows by itself', async () => {
    const path = join(folder, 'small');
    await writeFile(path, 'few bytes');
    const node = join(stage.folder, 'storage', 'birch-2');
    // it goes away between the provider's terms and the first byte
    answerWith(async ({ method }) => {
      if (method === 'PATCH') await rename(node, `${node}.away`);
      return undefined;
    });
    const { exit, stdout } = await put(path, '--name', 'letter');
    await rename(`${node}.away`, node);
    expect(stdout).toContain('! Stored with 2 replicas; birch-2 does not answer.');
    expect(exit).toBe(3);
  });

  it('stops at Ctrl-C, says how far it came, and ends with 130', async () => {
    const path = join(folder, 'stopped');
    await writeFile(path, randomBytes(100_000));
    let isStopped = false;
    answerWith(async ({ path: asked }) => {
      if (!asked.endsWith('/tags') || isStopped) return undefined;
      isStopped = true;
      process.emit('SIGINT');
      return new Promise<Response>(() => undefined);
    });
    const { exit, stderr } = await put(path);
    expect(exit).toBe(130);
    expect(stderr).toContain('Stopped at 100 %');
    expect(stderr).toContain('Sent blocks are kept for a while.');
    expect(stderr).toContain(`→ Run the same command again, it continues: holdfast put ${path}`);
    expect(await owner.list()).toMatchObject({ files: { length: 2 }, storing: 1 });
  });

  it('reports in JSON how far each stage has come', async () => {
    const { exit, json, stderr } = await put(join(folder, 'stopped'), '--json');
    expect(exit).toBe(0);
    expect(stderr).toBe('');
    const lines = json();
    expect(lines.at(-1)).toMatchObject({ event: 'result', command: 'put', replicas: 3 });
    const stages = lines.filter(({ event }) => event === 'progress').map((line) => line['stage']);
    expect(new Set(stages)).toEqual(new Set(['read', 'key', 'replicas', 'ledger']));
  });

  it('refuses what is no file', async () => {
    const { exit, stderr } = await put(folder);
    expect(exit).toBe(2);
    expect(stderr).toContain('is not a file');
  });
});

describe('audit', () => {
  it('finds a flipped bit at once, waits for the verdict of the ledger, and ends with 4', async () => {
    const { files } = await owner.list();
    const file = files.find(({ size }) => size === CONTENT.length);
    const [, second] = await owner.leaves(file?.fileId ?? '');
    answerWith(async ({ path }) => {
      if (path.endsWith('/challenges')) {
        await damageBlock(join(stage.folder, 'storage', 'birch-1'), second?.digest ?? '');
      }
      return undefined;
    });
    const id = file?.fileId.slice(0, 8) ?? '';
    const argv = ['audit', id, '--node', 'birch-1', '--blocks', 'all'];
    const { exit, stdout } = await asTimePasses(run(...argv));
    expect(stdout).toMatch(/now {5}6 of 6 blocks · birch-1 … {2}✕ damaged .* block 1$/m);
    expect(stdout).toMatch(/asked {3}the ledger audits letter from epoch \d+ on …/);
    // an audit that was due before may have had it repaired by then
    expect(stdout).toMatch(/beacon \d+ · birch-1 … {2}(✕ damaged|✓ intact) {2}tx [0-9a-f]{6}/);
    expect(exit).toBe(4);
  });
});

describe('ls --check', () => {
  it('ends with 3 on bad news, and says what to look at', async () => {
    answerWith(async ({ path }, answer) => {
      if (path !== '/v1/files') return undefined;
      const { items } = (await (await answer()).json()) as FileList;
      const damaged = items.map((item) => ({ ...item, state: 'damaged' }));
      return Response.json({ items: damaged, next: null });
    });
    const { exit, stdout } = await run('ls', '--check');
    expect(exit).toBe(3);
    expect(stdout).toContain('damaged; your bytes are safe');
    expect(stdout).toMatch(/^look: holdfast status (?:letter|stopped)$/m);
  });
});

describe('get', () => {
  it('replaces no file unless it is told to', async () => {
    const path = join(folder, 'back');
    await writeFile(path, 'mine');
    const refused = await run('get', 'stopped', '-o', path);
    expect(refused.exit).toBe(10);
    expect(refused.stderr).toContain('is there already');
    expect(await readFile(path, 'utf8')).toBe('mine');
    const { exit, stdout } = await run('get', 'stopped', '-o', path, '--force');
    expect(exit).toBe(0);
    expect(stdout).toContain(`Written ${path}, version 1 · 3 blocks verified`);
    expect(await readFile(path)).toEqual(await readFile(join(folder, 'stopped')));
  });
});

describe('recover', () => {
  const strong = { HOLDFAST_PASSWORD: NEW_PASSWORD };

  it('gives two files of one name two names, names what cannot be had back, and ends with 4', async () => {
    const { files } = await owner.list();
    const lost = files.find(({ name }) => name === 'stopped')?.fileId ?? '';
    answerWith(async ({ path }) =>
      path === `/v1/files/${lost}/card` ? new Response(new Uint8Array(512)) : undefined,
    );
    const [out, words] = [join(folder, 'out'), join(folder, 'words')];
    await writeFile(words, phrase);
    const argv = ['recover', '--phrase-file', words, '-o', out];
    const { exit, stdout } = await holdfast(argv, { ...env('blank'), ...strong });
    expect(exit).toBe(4);
    expect(stdout).toContain(`✕ ${lost.slice(0, 6)}`);
    expect(stdout).toContain('key rebuilt 2 of 3');
    expect(stdout).toContain('Recovered. 1 missing.');
    const [plain, other] = (await readdir(out)).toSorted((a, b) => a.length - b.length);
    expect(plain).toBe('letter');
    expect(other).toMatch(/^[0-9a-f]{6}-letter$/);
    const written = [await readFile(join(out, 'letter')), await readFile(join(out, other ?? ''))];
    expect(written.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([9, 300_000]);
    // its name can be had back no more than its bytes
    const blank = await Owner.unlock({ home: home('blank'), password: NEW_PASSWORD });
    const listed = (await blank.list()).files.find(({ fileId }) => fileId === lost);
    expect(listed).toMatchObject({ name: undefined, size: undefined });
  });

  it('refuses a device that has another owner', async () => {
    const other = `${'abandon '.repeat(23)}art`;
    const argv = ['recover', '--phrase-file', '-'];
    const { exit, stderr } = await holdfast(argv, { ...env('blank'), ...strong }, other);
    expect(exit).toBe(10);
    expect(stderr).toContain('This device has another owner');
  });
});
