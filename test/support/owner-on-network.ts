/** An owner of files on the network whose run folder NETWORK names, and what it was told is stored. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileSource } from '../../client/src/file-source.ts';
import { Owner } from '../../client/src/owner.ts';
import type { StoredFile } from '../../client/src/put-request.ts';
import { startTestSystem } from './running-system.ts';

const PASSWORD = 'seven words nobody guesses';

export interface OwnerOnNetwork {
  readonly owner: Owner;
  /** What its device keeps. */
  readonly home: string;
  /** Opens the owner again, as the device has it now. */
  unlock(): Promise<void>;
  /** Ends the gateway; {@link resume} starts another on the same folder. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Stores a file of so many random bytes; resolves once the ledger has it. */
  put(size: number): Promise<StoredFile>;
  /** The same, to be begun later, and again where it failed. */
  prepare(size: number): Promise<() => Promise<StoredFile>>;
  /** Digests of all that is acknowledged, by file id. */
  readonly stored: ReadonlyMap<string, string>;
  /** Ids of those that do not come back as they were. */
  lost(): Promise<readonly string[]>;
  close(): Promise<void>;
}

const raise = (error: unknown): never => {
  throw error;
};

/** Starts a gateway on the network, and an owner with an account. */
export async function openOwnerOnNetwork(): Promise<OwnerOnNetwork> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-owner-'));
  let system = await startTestSystem();
  const home = join(folder, 'home');
  const created = Owner.create({ gateway: system.url, home, password: PASSWORD });
  // a gateway that goes on would keep the tests from ending
  let { owner } = await created.catch((error: unknown) => system.stop().then(() => raise(error)));
  const stored = new Map<string, string>();

  async function digestOf(fileId: string): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of owner.get(fileId)) hash.update(chunk);
    return hash.digest('hex');
  }

  async function prepare(size: number): Promise<() => Promise<StoredFile>> {
    const bytes = randomBytes(size);
    const name = `file-${stored.size}-${bytes.toString('hex', 0, 4)}`;
    await writeFile(join(folder, name), bytes);
    return async () => {
      const file = await owner.put(name, fileSource(join(folder, name)));
      stored.set(file.fileId, createHash('sha256').update(bytes).digest('hex'));
      return file;
    };
  }

  async function unlock(): Promise<void> {
    owner = await Owner.unlock({ home, password: PASSWORD, gateway: system.url });
  }

  return {
    get owner() {
      return owner;
    },
    home,
    unlock,
    stored,
    pause: () => system.stop(),
    async resume() {
      system = await startTestSystem();
      await unlock();
    },
    put: async (size) => (await prepare(size))(),
    prepare,
    async lost() {
      const gone: string[] = [];
      for (const [fileId, digest] of stored) {
        const found = await digestOf(fileId).catch((error: unknown) => String(error));
        if (found !== digest) gone.push(`${fileId}: ${found}`);
      }
      return gone;
    },
    async close() {
      await system.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
