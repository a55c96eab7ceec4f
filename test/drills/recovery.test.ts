import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { fileSource } from '../../client/src/file-source.ts';
import { Owner } from '../../client/src/owner.ts';
import { readConnection } from '../../gateway/src/ledger/connection.ts';
import { newFabricLedger } from '../../gateway/src/ledger/fabric-ledger.ts';
import { connectPeers } from '../../gateway/src/ledger/ledger-link.ts';
import { blockPath } from '../../scripts/damage.mjs';
import { program } from '../../scripts/programs.mjs';
import { holdfast } from '../client/command-line.ts';
import { startOwnGateway, whyNoFaults, type OwnGateway } from '../support/own-gateway.ts';
import { startTestSystem, type RunningSystem } from '../support/running-system.ts';

const PASSWORD = 'walnut velvet';
const NODES = ['birch-1', 'birch-2', 'birch-3'];
const DAY_MS = 86_400_000;
const OTHER = randomBytes(200_000);
const CONTENT = randomBytes(200_000);

const reason = whyNoFaults();
const describeFaults = reason === undefined ? describe : describe.skip;

/** The number of a process that was. */
const deadProcess = (): number =>
  Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));

describe('a system of which a part is away', () => {
  let system: RunningSystem;
  let folder: string;
  let owner: Owner;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-recovery-'));
    system = await startTestSystem();
    const account = { password: PASSWORD, longestBlock: 65_536 } as const;
    const options = { gateway: system.url, home: join(folder, 'home'), ...account };
    ({ owner } = await Owner.create(options));
  }, 120_000);
  afterAll(async () => {
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const put = (name: string, content = CONTENT) => {
    const source = {
      size: content.length,
      modifiedAt: 0,
      key: name,
      async *open() {
        yield content;
      },
    };
    return owner.put(name, source, { blockSize: 65_536 });
  };
  const command = (...argv: readonly string[]) =>
    holdfast(argv, { HOLDFAST_HOME: join(folder, 'home'), HOLDFAST_PASSWORD: PASSWORD });
  const node = (name: string) => join(system.folder, 'storage', name);

  /** Resolves once the ledger has a verdict of this epoch or a later one. */
  async function auditedBy(fileId: string, epoch: number): Promise<void> {
    const connection = await readConnection(system.connection);
    const link = connectPeers(() => connection);
    const agent = { mspId: 'Alder', role: 'agent' } as const;
    const session = newFabricLedger(link, agent).as(agent);
    const { signal } = new AbortController();
    const newest = async () => {
      const { items } = await session.evaluate('audits:ofFile', { fileId, limit: 100 }, signal);
      return items.at(-1)?.epoch ?? 0;
    };
    while ((await newest()) < epoch) await delay(100);
    await link.close();
  }

  /** A gateway whose disk has failed is itself again within seconds. */
  async function whenItAnswers<T>(ask: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        if (tries === 20) throw error;
        await delay(500);
      }
    }
  }

  async function bytesOf(fileId: string): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for await (const bytes of owner.get(fileId)) parts.push(bytes);
    return Buffer.concat(parts);
  }

  it('runs one gateway on a folder, and the second says so in a sentence', async () => {
    const env = {
      ...process.env,
      PORT: '0',
      DATA_DIR: system.folder,
      LEDGER_CONNECTION: system.connection,
    };
    const { code, said } = await new Promise<{ code: unknown; said: string }>((resolve) => {
      execFile(process.execPath, [program('gateway')], { env }, (error, _stdout, stderr) =>
        resolve({ code: error?.code, said: stderr.trim() }),
      );
    });
    expect(code).toBe(1);
    // a line of its own, before or behind that of the log
    expect(said.split('\n')).toContain(
      `STORAGE_UNREACHABLE: ${join(system.folder, 'gateway')} is open in another process`,
    );
  }, 30_000);

  it('says within half a minute that the ledger is away; what was sent is kept, the same command stores it once', async () => {
    const path = join(folder, 'cut-off');
    await writeFile(path, CONTENT);
    const honest = globalThis.fetch;
    let [began, parts] = [0, 0];
    globalThis.fetch = async (input, init) => {
      const { pathname } = new URL(input as URL);
      if (init?.method === 'PATCH') parts += 1;
      if (pathname.endsWith('/envelopes') && began === 0) {
        await system.pause('ledger');
        began = performance.now();
      }
      return honest(input, init);
    };
    const putAgain = () => command('put', path, '--block-size', '64', '--json');
    try {
      for (const detail of ['Envelope', 'Proposal']) {
        const { exit, json } = await putAgain();
        expect(performance.now() - began).toBeLessThan(30_000);
        expect(exit).toBe(9);
        expect(json().at(-1)).toMatchObject({
          code: 'LEDGER_UNREACHABLE',
          detail: `${detail}: the peer does not answer.`,
          next: `Run the same command again, it continues: holdfast put ${path}`,
        });
        began = performance.now();
      }
      await system.resume('ledger');
      expect((await putAgain()).exit).toBe(0);
    } finally {
      globalThis.fetch = honest;
    }
    expect(parts).toBe(1);
    const stored = (await owner.list()).files.filter(({ name }) => name === 'cut-off');
    expect(stored).toHaveLength(1);
    expect(await bytesOf(stored[0]?.fileId ?? '')).toEqual(CONTENT);
  }, 90_000);

  it('takes nothing while too few nodes answer, and goes on when they do', async () => {
    for (const name of NODES) await rename(node(name), `${node(name)}.away`);
    await expect(put('two')).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' });
    await system.kill('gateway'); // resolves when it is ready, without any node
    for (const name of NODES) await rename(`${node(name)}.away`, node(name));
    const { fileId } = await put('two');
    expect(await bytesOf(fileId)).toEqual(CONTENT);
  }, 90_000);

  it('says what a killed get had left, and removes it', async () => {
    const { fileId } = await put('three');
    const [back, pid] = [join(folder, 'back'), deadProcess()];
    await writeFile(`${back}.${pid}-0123abcd.part`, CONTENT.subarray(0, 2_048), { mode: 0o600 });
    const { exit, stdout } = await command('get', fileId, '-o', back);
    expect(exit).toBe(0);
    expect(stdout).toContain('Removed 2.0 KiB that an interrupted get had left');
    expect((await readdir(folder)).filter((name) => name.startsWith('back'))).toEqual(['back']);
    expect(await readFile(back)).toEqual(CONTENT);
  }, 60_000);

  it('stores what a source holds now where it changed under the same size and time', async () => {
    const honest = globalThis.fetch;
    for (const step of ['/tags', '/ledger/envelopes']) {
      const name = `changed${step}`;
      globalThis.fetch = async (input, init) => {
        if (new URL(input as URL).pathname.endsWith(step)) throw new TypeError('fetch failed');
        return honest(input, init);
      };
      await expect(put(name)).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
      globalThis.fetch = honest;
      const { fileId } = await put(name, OTHER);
      expect(await bytesOf(fileId)).toEqual(OTHER);
    }
  }, 60_000);

  it('takes a file that was changed since as another one, whatever time it claims', async () => {
    const path = join(folder, 'claims');
    // whole seconds: fractions do not come back as they were set
    const second = 1_700_000_000;
    await writeFile(path, CONTENT);
    await utimes(path, second, second);
    const before = fileSource(path);
    await writeFile(path, OTHER);
    await utimes(path, second, second);
    const after = fileSource(path);
    expect([after.size, after.modifiedAt]).toEqual([before.size, before.modifiedAt]);
    expect(after.key).not.toBe(before.key);
  });

  it('renews a certificate that ends soon, and one that has ended', async () => {
    const home = join(folder, 'home');
    const certificate = async () =>
      (await Owner.unlock({ home, password: PASSWORD })).device.certificate;
    const first = await certificate();
    expect(await certificate()).toBe(first);
    const spy = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 340 * DAY_MS);
    const second = await certificate().finally(() => spy.mockRestore());
    expect(second).not.toBe(first);
    expect(await certificate()).toBe(second);
    expect((await owner.list()).files.length).toBeGreaterThan(0);
  }, 60_000);

  it('tells an owner by how much its clock is off', async () => {
    const spy = jest.spyOn(Date, 'now');
    const off = (ms: number) => spy.mockReturnValue(new Date().getTime() + ms);
    off(7_200_000);
    const early = owner.list().catch((error: unknown) => error);
    await expect(early).resolves.toMatchObject({
      code: 'NOT_ALLOWED',
      detail: expect.stringMatching(/of the future, 7[12]\d\d s from now: the clock of the device/),
    });
    off(-7_200_000);
    const late = owner.list().catch((error: unknown) => error);
    await expect(late).resolves.toMatchObject({
      code: 'NOT_ALLOWED',
      detail: expect.stringMatching(/expired 7[12]\d\d s ago: the clock of the device/),
    });
    off(-400 * DAY_MS);
    const [gateway, home, password] = [system.url, join(folder, 'early'), PASSWORD];
    await expect(Owner.create({ gateway, home, password })).rejects.toThrow(
      /valid from \S+ on, and the clock here says \S+/,
    );
    spy.mockRestore();
  }, 60_000);

  describe('with a gateway of which the clock or the disk is wrong', () => {
    let own: OwnGateway;
    beforeAll(async () => {
      await system.pause('gateway');
      own = await startOwnGateway(system);
    }, 60_000);
    afterAll(async () => {
      await own?.stop();
      await system.resume('gateway');
    }, 60_000);

    it('refuses with the difference, and convicts nobody', async () => {
      const { fileId } = await put('four');
      const { fromEpoch } = await owner.ask(fileId);
      for (const [seconds, said] of [
        [10_800, /expired 10[78]\d\d s ago/],
        [-10_800, /of the future, 10[78]\d\d s from now/],
      ] as const) {
        await own.setClock(seconds);
        await expect(owner.list()).rejects.toThrow(said);
        await expect(put('five')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
      }
      await own.setClock(0);
      await auditedBy(fileId, fromEpoch);
      const audits = await owner.audits(fileId);
      expect(new Set(audits.map(({ verdict }) => verdict))).toEqual(new Set(['intact']));
      expect(await bytesOf((await put('five')).fileId)).toEqual(CONTENT);
    }, 120_000);

    describeFaults(`whose disk fails${reason === undefined ? '' : ` (${reason})`}`, () => {
      it('stores on the others where a node does not write, and fills it later', async () => {
        const inject = 'fdatasync:error=EIO';
        const { fileId, pendingNodes } = await own.failing({ inject, nodes: ['birch-1'] }, () =>
          put('six'),
        );
        expect(pendingNodes).toEqual(['birch-1']);
        const [leaf] = await owner.leaves(fileId);
        const path = blockPath(node('birch-1'), leaf?.digest ?? '');
        while (!existsSync(path)) await delay(100);
        expect(await bytesOf(fileId)).toEqual(CONTENT);
      }, 90_000);

      it.each([
        ['no node writes', 'fdatasync:error=EIO', NODES, 'STORAGE_UNREACHABLE'],
        ['no node has room', 'write:error=ENOSPC', NODES, 'STORE_FULL'],
        ['nothing can be synced', 'fdatasync:error=EIO', undefined, /STORAGE_UNREACHABLE|INTERNAL/],
      ] as const)(
        'acknowledges nothing where %s, and the same put goes on later',
        async (...fault) => {
          const [name, inject, nodes, code] = fault;
          const tried = own.failing({ inject, ...(nodes && { nodes }) }, () => put(name));
          await expect(tried).rejects.toThrow(code);
          const files = await whenItAnswers(() => owner.list());
          expect(files.files.map((file) => file.name)).not.toContain(name);
          expect(await bytesOf((await put(name)).fileId)).toEqual(CONTENT);
        },
        90_000,
      );
    });
  });
});
