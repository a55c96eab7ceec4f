/** The owner's side against the whole system; hostile gateways are this one with its answers changed on the way. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url } from '@holdfast/protocol/bytes.js';
import { BASE_1 } from '@holdfast/protocol/curve.js';
import type { Network } from '@holdfast/protocol/network-messages.js';
import { parsePhrase } from '@holdfast/protocol/phrase.js';
import { numberOf } from '../../client/src/consortium.ts';
import { fileSource } from '../../client/src/file-source.ts';
import { Owner } from '../../client/src/owner.ts';
import type { StoredFile } from '../../client/src/put-request.ts';
import { answerHonestly, answerWith, flipIn } from '../support/forged-answers.ts';
import { joined } from '../support/sealing.ts';
import { startTestSystem, type RunningSystem } from '../support/running-system.ts';
import { holdfast } from './command-line.ts';
import { newOrganisation } from './test-consortium.ts';

const PASSWORD = 'granite otter walnut velvet';
const CONTENT = randomBytes(700_000);
/** A signature that decodes: the generator. */
const G1 = base64url(BASE_1);

let system: RunningSystem;
let folder: string;
let phrase: string;
let owner: Owner;
let stored: StoredFile;

const home = (name: string) => join(folder, name);
const env = (name = 'home') => ({
  HOLDFAST_HOME: home(name),
  HOLDFAST_GATEWAY: system.url,
  HOLDFAST_PASSWORD: PASSWORD,
});

beforeAll(async () => {
  system = await startTestSystem();
  folder = await mkdtemp(join(tmpdir(), 'holdfast-owner-'));
  await writeFile(join(folder, 'some.bin'), CONTENT);
  const init = await holdfast(['init', '--json'], env());
  phrase = String(init.json().at(-1)?.['recoveryPhrase']);
  owner = await Owner.unlock({ home: home('home'), password: PASSWORD });
  stored = await owner.put('some.bin', fileSource(join(folder, 'some.bin')));
}, 120_000);

afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

afterEach(answerHonestly);

const whole = async (bytes: AsyncIterable<Uint8Array>) => Buffer.from(await joined(bytes));

async function take<T>(count: number, values: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const value of values) {
    taken.push(value);
    if (taken.length === count) break;
  }
  return taken;
}

describe('an owner on a running system', () => {
  it('keeps its seed on the device under the password only', async () => {
    const path = join(home('home'), 'owner.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const text = await readFile(path, 'utf8');
    const seed = Buffer.from(parsePhrase(phrase));
    for (const spelling of ['hex', 'base64', 'base64url'] as const) {
      expect(text).not.toContain(seed.toString(spelling));
    }
    await expect(Owner.unlock({ home: home('home'), password: 'another' })).rejects.toMatchObject({
      code: 'SEED_LOCKED',
    });
  });

  it('makes no second owner on a device', async () => {
    const { exit, stderr } = await holdfast(['init'], env());
    expect(exit).toBe(10);
    expect(stderr).toContain('ALREADY_EXISTS');
  });

  it('stores a file and gets it back', async () => {
    expect(stored).toMatchObject({ size: CONTENT.length, version: 1, pendingNodes: [] });
    expect((await whole(owner.get(stored.fileId))).equals(CONTENT)).toBe(true);
  });

  it('gets a range', async () => {
    const range = { start: 262_140, end: 524_300 };
    const got = await whole(owner.get(stored.fileId, { range }));
    expect(got.equals(CONTENT.subarray(range.start, range.end))).toBe(true);
  });

  it.each([0, 1])('stores a file of %d bytes', async (size) => {
    const path = join(folder, `of-${size}`);
    await writeFile(path, randomBytes(size));
    expect((await holdfast(['put', path, '--block-size', '64'], env())).exit).toBe(0);
    const got = `${path}.back`;
    expect((await holdfast(['get', `of-${size}`, '-o', got], env())).exit).toBe(0);
    expect(await readFile(got)).toEqual(await readFile(path));
  });

  it('lists what it has, under names that only it can read', async () => {
    const { exit, json } = await holdfast(['ls', '--json'], env());
    expect(exit).toBe(0);
    const files = json().at(-1)?.['files'] as { name: string; state: string }[];
    expect(files.map(({ name }) => name).toSorted()).toEqual(['of-0', 'of-1', 'some.bin']);
    expect(await readFile(join(home('home'), 'names.sealed'), 'utf8')).not.toContain('some');
  });

  it('has a file proved, and reads the verdict that the ledger computed', async () => {
    const { exit, stdout } = await holdfast(['audit', 'some.bin', '--blocks', 'all'], env());
    expect(stdout).toContain('✓ intact');
    expect(stdout).toMatch(/chosen by (Dana|Emil)'s beacon \d+/);
    expect(exit).toBe(0);
    const status = await holdfast(['status', 'some.bin'], env());
    expect(status.stdout).toContain('5 of 5 shares readable, any 3 suffice');
    expect(status.stdout).toContain('✓ intact');
  }, 60_000);

  it('sees what happens to its files, and goes on behind what it has seen', async () => {
    const stop = new AbortController();
    const first = await take(2, owner.watch({ signal: stop.signal }));
    expect(first[0]).toMatchObject({ event: 'FileRegistered', fileId: stored.fileId });
    const [after] = first.map(({ id }) => id);
    const next = await take(1, owner.watch({ ...(after && { after }), signal: stop.signal }));
    expect(next).toEqual(first.slice(1));
    stop.abort();
    expect(await take(1, owner.watch({ signal: stop.signal }))).toEqual([]);
  });

  it('continues an interrupted upload with the same file id', async () => {
    const path = join(folder, 'large');
    const content = randomBytes(20 * 2 ** 20);
    await writeFile(path, content);
    let patches = 0;
    const sent: number[] = [];
    answerWith(async ({ method, body }) => {
      if (method !== 'PATCH') return undefined;
      sent.push(body.length);
      return ++patches === 2 ? new Response('{}', { status: 400 }) : undefined;
    });
    await expect(owner.put('large', fileSource(path))).rejects.toThrow('status 400');
    const [name] = await readdir(join(home('home'), 'uploads'));
    const state = JSON.parse(await readFile(join(home('home'), 'uploads', name ?? ''), 'utf8'));
    expect(JSON.stringify(state)).not.toContain('large');
    const file = await owner.put('large', fileSource(path));
    expect(file.fileId).toBe(state.request.fileId);
    expect(sent).toHaveLength(3);
    expect(sent[2]).toBe(sent[1]);
    expect((await whole(owner.get(file.fileId))).equals(content)).toBe(true);
    expect(await readdir(join(home('home'), 'uploads'))).toEqual([]);
  }, 60_000);
});

describe('a blank machine and 24 words', () => {
  it('give everything back', async () => {
    const out = join(folder, 'out');
    const argv = ['recover', '--phrase-file', '-', '-o', out, '--json'];
    const { exit, json } = await holdfast(argv, env('blank'), phrase);
    expect(exit).toBe(0);
    expect(json().at(-1)).toMatchObject({ event: 'result', missing: 0, ownerId: owner.ownerId });
    expect((await readFile(join(out, 'some.bin'))).equals(CONTENT)).toBe(true);
  }, 60_000);

  it('give back what is missing, past what is there already', async () => {
    const out = join(folder, 'out');
    const before = (await readdir(out)).toSorted();
    await rm(join(out, 'some.bin'));
    const argv = ['recover', '--phrase-file', '-', '-o', out];
    const { exit, stdout } = await holdfast(argv, env('blank'), phrase);
    expect((await readdir(out)).toSorted()).toEqual(before);
    const others = before.length - 1;
    expect(stdout.match(/✕ [0-9a-f]{6} {2}ALREADY_EXISTS: .* is there already\n/g)).toHaveLength(
      others,
    );
    expect([exit, others > 0]).toEqual([4, true]);
  }, 60_000);

  it('open nothing where the words are somebody else’s', async () => {
    const words = `${'abandon '.repeat(23)}art`;
    const { exit, stderr } = await holdfast(['recover', '--phrase-file', '-'], env('other'), words);
    expect(exit).toBe(5);
    expect(stderr).toContain('no account for these words');
    // nothing stands in the way of the right words, or of the right gateway
    await expect(readdir(home('other'))).rejects.toThrow('ENOENT');
  });
});

describe('a hostile gateway', () => {
  const path = () => `/v1/files/${stored.fileId}`;

  it('cannot change a byte of a download: the block is named and no file is written', async () => {
    flipIn(path(), 300_000);
    const target = join(folder, 'never');
    const { exit, stderr } = await holdfast(['get', 'some.bin', '-o', target], env());
    expect(exit).toBe(4);
    expect(stderr).toContain('Block 1 is not what the ledger binds');
    expect((await readdir(folder)).filter((name) => name.startsWith('never'))).toEqual([]);
  });

  it.each(['leaves', 'manifest'])('cannot change the %s', async (part) => {
    flipIn(`${path()}/${part}`, 20);
    await expect(whole(owner.get(stored.fileId))).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
  });

  it('cannot answer a read with what was true before', async () => {
    const answers: Response[] = [];
    answerWith(async (passing, answer) => {
      if (passing.path !== '/v1/ledger/proposals') return undefined;
      const response = await answer();
      answers.push(response.clone());
      return response;
    });
    await owner.config();
    answerHonestly();
    answerWith(async (passing) =>
      passing.path === '/v1/ledger/proposals' ? answers[0]?.clone() : undefined,
    );
    await expect(owner.config()).rejects.toMatchObject({ code: 'ANSWER_FALSE' });
    answerHonestly();
    await expect(owner.config()).resolves.toMatchObject({ keyServers: ['Alder', 'Cedar'] });
  });

  it('cannot pass off an acceptance that the provider did not sign', async () => {
    const file = join(folder, 'unaccepted');
    await writeFile(file, 'some bytes');
    answerWith(async (passing, answer) => {
      if (!passing.path.endsWith('/acceptance')) return undefined;
      const told = (await (await answer()).json()) as { acceptance: string };
      return Response.json({ ...told, acceptance: G1 });
    });
    await expect(owner.put('unaccepted', fileSource(file))).rejects.toMatchObject({
      code: 'ACCEPTANCE_INVALID',
    });
    expect((await owner.list()).files.map(({ name }) => name)).not.toContain('unaccepted');
  });

  it('cannot answer for a key server', async () => {
    const file = join(folder, 'unkeyed');
    await writeFile(file, 'some other bytes');
    answerWith(async (passing, answer) => {
      if (passing.path !== '/v1/oprf') return undefined;
      const told = (await (await answer()).json()) as { evaluated: string[] };
      return Response.json({
        ...told,
        evaluated: told.evaluated.map((it) => `${it.slice(0, -4)}AAAA`),
      });
    });
    await expect(owner.put('unkeyed', fileSource(file))).rejects.toMatchObject({
      code: 'ANSWER_FALSE',
    });
  });

  it('cannot put a root of its own in the place of an organisation’s', async () => {
    const { consortium } = owner.device.consortium;
    answerWith(async (passing, answer) => {
      if (passing.path !== '/v1/network') return undefined;
      const told = (await (await answer()).json()) as { organisations: { mspId: string }[] };
      const [first] = told.organisations;
      const organisations = told.organisations.map((it) => ({ ...first, mspId: it.mspId }));
      return Response.json({ ...told, organisations });
    });
    const argv = ['init', '--consortium', consortium];
    const { exit, stderr } = await holdfast(argv, env('hostile'));
    expect(exit).toBe(4);
    expect(stderr).toContain('ANSWER_FALSE');
  });

  it('cannot slip a root of its own into a recovery on a device that has pins', async () => {
    const { mspId, rootCertificate } = await newOrganisation('Doubs');
    answerWith(async (passing, answer) => {
      if (passing.path !== '/v1/network') return undefined;
      const told = (await (await answer()).json()) as Network;
      const organisations = [...told.organisations, { mspId, rootCertificate }];
      const consortium = numberOf(told.channel, organisations);
      return Response.json({ ...told, organisations, consortium });
    });
    const recovered = { gateway: system.url, password: PASSWORD, phrase };
    const again = await Owner.restore({ ...recovered, home: home('home') });
    expect(again.device.consortium).toEqual(owner.device.consortium);
    // the control: a blank machine pins whom it meets, and three of four would have to sign
    await expect(Owner.restore({ ...recovered, home: home('met') })).rejects.toMatchObject({
      detail: expect.stringContaining('a majority of 4 is 3'),
    });
  });

  it('cannot make what is damaged on the ledger look intact, nor hide that a file exists', async () => {
    answerWith(async (passing) =>
      passing.path === '/v1/files' ? Response.json({ items: [], next: null }) : undefined,
    );
    const { files } = await owner.list();
    expect(files.map(({ name }) => name)).toContain('some.bin');
  });
});
