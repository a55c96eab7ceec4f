/** The command line as processes that are killed half way: uploads that go on, and one download over and over. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fileSource } from '../../client/src/file-source.ts';
import type { Owner } from '../../client/src/owner.ts';
import { laterOrSurprise, type Written } from './crash-writers.ts';

const PROGRAM = fileURLToPath(new URL('../../client/bin/holdfast.js', import.meta.url));
/** What an upload says on its way. */
const STAGES = ['read', 'send', 'key', 'replicas', 'ledger'];
const UPLOAD = 700_000;
const DOWNLOAD = 6_000_000;
/** A client that does not come so far is killed where it is, milliseconds. */
const PATIENCE_MS = 5_000;
const BLOCK_SIZE = 65_536;

type Client = ChildProcessByStdio<null, Readable, null>;

export interface KilledClients {
  /** Kills one more, at a random moment; resolves to what was killed and when. */
  kill(): Promise<readonly [part: string, moment: string]>;
  /** Brings every upload to its end, and the download: whole, and nothing else beside it. */
  finish(): Promise<{ readonly written: readonly Written[]; readonly problems: readonly string[] }>;
}

export interface ClientsOptions {
  readonly owner: Owner;
  readonly home: string;
  readonly password: string;
  readonly gateway: string;
  /** For files that go in and come out. */
  readonly folder: string;
  readonly random: (length: number) => Uint8Array;
}

/** Stores the file that will be fetched. */
export async function newKilledClients(options: ClientsOptions): Promise<KilledClients> {
  const { owner, folder, random } = options;
  const written: Written[] = [];
  const below = (limit: number) => ((random(1)[0] ?? 0) * 256 + (random(1)[0] ?? 0)) % limit;
  const whole = random(DOWNLOAD);
  const original = join(folder, 'original');
  await writeFile(original, whole);
  const { fileId } = await owner.put('original', fileSource(original), { blockSize: BLOCK_SIZE });
  const back = join(folder, 'back');
  const parts = () => readdirSync(folder).filter((name) => name.endsWith('.part'));

  function start(...argv: string[]): Client {
    const { home, password, gateway } = options;
    const env = { ...process.env, HOLDFAST_HOME: home, HOLDFAST_PASSWORD: password };
    return spawn(process.execPath, [PROGRAM, ...argv, '--json', '--gateway', gateway], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  }

  /** Ends it when `comes` has come, or it has ended by itself. */
  async function killAt(child: Client, comes: (stop: AbortSignal) => Promise<unknown>) {
    const gone = once(child, 'exit');
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), PATIENCE_MS);
    await Promise.race([gone, comes(stop.signal)]);
    clearTimeout(late);
    stop.abort();
    child.kill('SIGKILL');
    await gone;
  }

  async function killPut(): Promise<string> {
    // every other one goes on with what an earlier one began
    const last = written.at(-1);
    const begun = below(2) === 0 && last?.fileId === undefined ? last : undefined;
    const file: Written = begun ?? {
      owner,
      name: `put-${written.length}`,
      content: random(UPLOAD),
      isGivenUp: false,
    };
    const path = join(folder, file.name);
    if (begun === undefined) {
      await writeFile(path, file.content);
      written.push(file);
    }
    const stage = STAGES[below(STAGES.length)] ?? '';
    const child = start('put', path, '--block-size', '64');
    const lines = createInterface(child.stdout);
    const ended = once(lines, 'close');
    const reached = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (line.includes(`"stage":"${stage}"`)) resolve();
        // what was acknowledged before the kill counts: it must be there, and once
        if (line.includes('"event":"result"')) file.fileId = fileIdOf(line);
      });
    });
    await killAt(child, async () => {
      await reached;
      await delay(below(60));
    });
    await ended;
    return file.fileId === undefined ? stage : `${stage}, acknowledged`;
  }

  async function killGet(): Promise<string> {
    const before = parts().length;
    const child = start('get', fileId, '--output', back, '--force');
    await killAt(child, async (stop) => {
      while (parts().length <= before && !stop.aborted) await delay(2);
      await delay(below(40));
    });
    return 'blocks';
  }

  async function checkGet(): Promise<string[]> {
    const problems = parts()
      .filter((name) => (statSync(join(folder, name)).mode & 0o777) !== 0o600)
      .map((name) => `${name} can be read by others`);
    const left = parts().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    const child = start('get', fileId, '--output', back, '--force');
    const lines: string[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    const [exit] = (await once(child, 'close')) as [number];
    const said = lines.at(-1) ?? '';
    if (exit !== 0) problems.push(`get ended with ${exit}: ${said}`);
    if (!said.includes(`"removed":${left}}`)) problems.push(`get left ${left} bytes: ${said}`);
    if (parts().length > 0) problems.push(`get left ${parts().join()}`);
    if (!whole.every((byte, i, all) => byte === all[i])) problems.push('bug: the original');
    if (!(await readFile(back)).equals(whole)) problems.push('what get wrote is another file');
    return problems;
  }

  return {
    async kill() {
      return below(3) === 0 ? ['get', await killGet()] : ['put', await killPut()];
    },
    async finish() {
      const problems = await checkGet();
      for (const file of written) {
        const source = fileSource(join(folder, file.name));
        while (file.fileId === undefined && problems.length === 0) {
          try {
            ({ fileId: file.fileId } = await owner.put(file.name, source, {
              blockSize: BLOCK_SIZE,
            }));
          } catch (error) {
            problems.push(...laterOrSurprise(file.name, error));
          }
        }
      }
      return { written, problems };
    },
  };
}

const fileIdOf = (line: string): string => (JSON.parse(line) as { fileId: string }).fileId;
