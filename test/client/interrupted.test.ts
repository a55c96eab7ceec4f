/** What was stopped half way, an `init` or a `put`, is finished by the next try: once, whatever nobody was told of. */
// First: it silences what fabric-shim installs when it is imported.
import { newGatewayStage, type GatewayStage } from '../support/gateway-stage.ts';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { runCommand } from '../../client/src/cli/program.ts';
import { fileSource } from '../../client/src/file-source.ts';
import { Owner } from '../../client/src/owner.ts';
import { answerHonestly, answerWith } from '../support/forged-answers.ts';
import { joined } from '../support/sealing.ts';
import { holdfast } from './command-line.ts';

/** In small blocks: each is proved in a quarter of the time. */
const SMALL = { blockSize: 65_536 } as const;
const PASSWORD = 'granite otter walnut velvet';

let stage: GatewayStage;
let folder: string;
let owner: Owner;

/** Files of the owner that have this name. */
const namesOf = async (wanted: string) =>
  (await owner.list()).files.filter(({ name }) => name === wanted);

const whole = async (bytes: AsyncIterable<Uint8Array>) => Buffer.from(await joined(bytes));

beforeAll(async () => {
  stage = await newGatewayStage();
  folder = await mkdtemp(join(tmpdir(), 'holdfast-interrupted-'));
}, 60_000);
afterAll(async () => {
  await stage?.close();
  await rm(folder, { recursive: true, force: true });
});
afterEach(answerHonestly);

describe('what is interrupted is finished', () => {
  it('an init, with the same seed', async () => {
    const account = { password: PASSWORD, longestBlock: 65_536 } as const;
    const options = { gateway: stage.url(), home: join(folder, 'home'), ...account };
    answerWith(async ({ path }) =>
      path.startsWith('/v1/tag-keys/') ? new Response('{}', { status: 500 }) : undefined,
    );
    await expect(Owner.create(options)).rejects.toThrow('status 500');
    const before = JSON.parse(await readFile(join(join(folder, 'home'), 'owner.json'), 'utf8'));
    answerHonestly();
    const finished = await Owner.create(options);
    ({ owner } = finished);
    expect(owner.ownerId).toBe(before.ownerId);
    expect(finished.phrase.split(' ')).toHaveLength(24);
    expect(await owner.balance()).toBe('1000');
    await expect(Owner.create(options)).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
  }, 60_000);

  it('a put that was committed and not acknowledged, as one file', async () => {
    const path = join(folder, 'late.txt');
    await writeFile(path, 'late bytes');
    let isCommitted = false;
    answerWith(async (passing, answer) => {
      if (passing.path === '/v1/ledger/envelopes') isCommitted = (await answer()).ok;
      else if (!isCommitted) return undefined;
      return new Response('{}', { status: 500 });
    });
    await expect(owner.put('late.txt', fileSource(path), SMALL)).rejects.toThrow('status 500');
    expect(isCommitted).toBe(true);
    answerHonestly();
    const file = await owner.put('late.txt', fileSource(path), SMALL);
    expect(file.transactionId).toBeNull();
    expect((await whole(owner.get(file.fileId))).toString()).toBe('late bytes');
    expect(await namesOf('late.txt')).toHaveLength(1);
  });

  it('a put that nobody was told of, as one file', async () => {
    const path = join(folder, 'untold.txt');
    await writeFile(path, 'untold bytes');
    const acknowledge = () => {
      throw new Error('stopped before the answer was printed');
    };
    await expect(
      owner.put('untold.txt', fileSource(path), {
        ...SMALL,
        acknowledge,
      }),
    ).rejects.toThrow('stopped before');
    const told: string[] = [];
    const file = await owner.put('untold.txt', fileSource(path), {
      ...SMALL,
      acknowledge: ({ fileId }) => void told.push(fileId),
    });
    expect(told).toEqual([file.fileId]);
    expect(file.transactionId).toBeNull();
    expect(await namesOf('untold.txt')).toHaveLength(1);
    const again = await owner.put('untold.txt', fileSource(path), SMALL);
    expect(again.fileId).not.toBe(file.fileId);
  });

  it('a command that ended before its result was printed, as one file', async () => {
    const path = join(folder, 'unprinted.txt');
    await writeFile(path, 'unprinted bytes');
    const env = {
      HOLDFAST_HOME: join(folder, 'home'),
      HOLDFAST_GATEWAY: stage.url(),
      HOLDFAST_PASSWORD: PASSWORD,
    };
    const argv = ['put', path, '--block-size', '64', '--json'];
    const cut = new PassThrough();
    const write = cut.write.bind(cut);
    cut.write = (line: string) => {
      if (line.includes('"event":"result"')) throw new HoldfastError('INTERNAL', 'ended');
      return write(line);
    };
    const stdout = cut as unknown as NodeJS.WriteStream;
    const stdin = Readable.from(['']) as NodeJS.ReadStream;
    expect(await runCommand(argv, { env, stdin, stdout, stderr: stdout })).not.toBe(0);
    expect(await namesOf('unprinted.txt')).toHaveLength(1);
    const { exit, json } = await holdfast(argv, env);
    expect(exit).toBe(0);
    expect(json().at(-1)).toMatchObject({ event: 'result', transactionId: null });
    expect(await namesOf('unprinted.txt')).toHaveLength(1);
  });

  it('a put whose transaction is committed while the next try asks for its upload, as one file', async () => {
    const path = join(folder, 'overtaken.txt');
    await writeFile(path, 'overtaken bytes');
    let commit: (() => Promise<Response>) | undefined;
    answerWith(async (passing, answer) => {
      if (passing.path !== '/v1/ledger/envelopes') return undefined;
      commit = answer;
      return new Response('{}', { status: 500 });
    });
    await expect(owner.put('overtaken.txt', fileSource(path), SMALL)).rejects.toThrow('status 500');
    answerWith(async ({ method, path: asked }) => {
      if (method !== 'HEAD' || !asked.startsWith('/v1/uploads/')) return undefined;
      expect((await commit?.())?.ok).toBe(true);
      // a provider that keeps nothing of an upload which became a file
      return new Response(null, { status: 404 });
    });
    const file = await owner.put('overtaken.txt', fileSource(path), SMALL);
    answerHonestly();
    expect(file.transactionId).toBeNull();
    expect(await namesOf('overtaken.txt')).toHaveLength(1);
  });
});
