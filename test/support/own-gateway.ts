/** A gateway of ours in the place of a system's own: under another program, with another clock, its disk failing. */
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { RunningSystem } from './running-system.ts';

const CLOCK = pathToFileURL(fileURLToPath(new URL('shifted-clock.mjs', import.meta.url))).href;
/** What lies in a node's folder while it is written; named by a count. */
const TEMPORARY = 400;

export interface OwnGateway {
  /** Puts its clock off, seconds; resolves when it is. */
  setClock(seconds: number): Promise<void>;
  /** Lets system calls fail while `work` runs, those on the temporary files of these nodes only, or all. */
  failing<T>(fault: Fault, work: () => Promise<T>): Promise<T>;
  /** Ends it in good order. */
  stop(): Promise<void>;
}

export interface Fault {
  /** As strace takes it, such as `fdatasync:error=EIO`. */
  readonly inject: string;
  /** Undefined: wherever the gateway writes. */
  readonly nodes?: readonly string[];
}

export interface OwnGatewayOptions {
  /** A program that runs another, with its arguments. */
  readonly under?: readonly string[];
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Why a running process cannot be made to fail here; undefined where it can. */
export function whyNoFaults(): string | undefined {
  try {
    const script = 'sleep 5 & strace -o /dev/null -p $! & sleep 0.3; kill -INT $! && kill %1';
    execFileSync('bash', ['-c', script], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'strace is not installed or may not attach here';
  }
}

/** The system's gateway is to be paused; ours answers where that one did. */
export async function startOwnGateway(
  system: RunningSystem,
  { under = [], nodeArgs = [], env = {} }: OwnGatewayOptions = {},
): Promise<OwnGateway> {
  const clock = join(system.folder, 'clock');
  const [command, ...first] = [...under, process.execPath];
  // from its modules: a change of one of them is to be seen
  const args = [...first, '--import', CLOCK, ...nodeArgs, 'gateway/dist/main.js'];
  const child = spawn(command ?? '', args, {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: {
      ...process.env,
      PORT: new URL(system.url).port,
      DATA_DIR: system.folder,
      LEDGER_CONNECTION: system.connection,
      CLOCK_OFF: clock,
      LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout);
  await lineOf(child, lines, /"ready":true/);
  return {
    async setClock(seconds) {
      await writeFile(clock, String(seconds));
      const said = lineOf(child, lines, /^clock off/);
      child.kill('SIGUSR2');
      await said;
    },
    async failing({ inject, nodes = [] }, work) {
      const paths = nodes.flatMap((node) =>
        Array.from({ length: TEMPORARY }, (_, i) =>
          join(system.folder, 'storage', node, 'blocks', '.temp', String(i)),
        ),
      );
      const only = paths.flatMap((path) => ['-P', path]);
      const call = inject.slice(0, inject.indexOf(':'));
      const tracing = ['-f', '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${inject}`];
      const tracer = spawn('strace', [...tracing, ...only, '-p', String(child.pid)], {
        stdio: 'ignore',
      });
      const gone = once(tracer, 'exit');
      try {
        await traced(child.pid ?? 0, tracer.pid ?? 0);
        return await work();
      } finally {
        tracer.kill('SIGINT');
        await gone;
      }
    },
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function lineOf(
  child: ChildProcessByStdio<null, Readable, null>,
  lines: ReturnType<typeof createInterface>,
  wanted: RegExp,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`the gateway ended before it said ${wanted.source}`));
    child.once('exit', ended);
    lines.on('line', function look(line: string) {
      if (!wanted.test(line)) return;
      lines.off('line', look);
      child.off('exit', ended);
      resolve();
    });
  });
}

/** Until every thread is traced: the kernel says by whom. */
async function traced(pid: number, tracer: number): Promise<void> {
  const isTraced = async () =>
    (await readFile(`/proc/${pid}/status`, 'utf8')).includes(`TracerPid:\t${tracer}\n`);
  while (!(await isTraced())) await delay(20);
}
