import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Owner } from '../../client/src/owner.ts';
import { startTestSystem, type RunningSystem } from '../support/running-system.ts';

const CONTENT = randomBytes(200_000);

describe('a system of which a part is away', () => {
  let system: RunningSystem;
  let folder: string;
  let owner: Owner;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-recovery-'));
    system = await startTestSystem();
    const options = { gateway: system.url, home: join(folder, 'home'), password: 'walnut velvet' };
    ({ owner } = await Owner.create(options));
  }, 120_000);
  afterAll(async () => {
    await system?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const sourceOf = (name: string) => ({
    size: CONTENT.length,
    modifiedAt: 0,
    key: name,
    async *open() {
      yield CONTENT;
    },
  });
  const put = (name: string) => owner.put(name, sourceOf(name), { blockSize: 65_536 });
  const node = (name: string) => join(system.folder, 'storage', name);

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
      execFile(process.execPath, ['gateway/dist/main.js'], { env }, (error, _stdout, stderr) =>
        resolve({ code: error?.code, said: stderr.trim() }),
      );
    });
    expect(code).toBe(1);
    expect(said.split('\n').at(-1)).toBe(
      `STORAGE_UNREACHABLE: ${join(system.folder, 'gateway')} is open in another process`,
    );
  }, 30_000);

  it('says that the ledger is away, and the same put goes on when it is back', async () => {
    await system.pause('ledger');
    await expect(put('one')).rejects.toMatchObject({ code: 'LEDGER_UNREACHABLE' });
    await system.resume('ledger');
    const { fileId } = await put('one');
    expect(await bytesOf(fileId)).toEqual(CONTENT);
  }, 90_000);

  it('takes nothing while too few nodes answer, and goes on when they do', async () => {
    const away = ['birch-1', 'birch-2', 'birch-3'];
    for (const name of away) await rename(node(name), `${node(name)}.away`);
    await expect(put('two')).rejects.toMatchObject({ code: 'STORAGE_UNREACHABLE' });
    await system.kill('gateway'); // resolves when it is ready, without any node
    for (const name of away) await rename(`${node(name)}.away`, node(name));
    const { fileId } = await put('two');
    expect(await bytesOf(fileId)).toEqual(CONTENT);
  }, 90_000);
});
