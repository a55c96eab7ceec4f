/**
 * The processes of a run folder: each has `pid/<name>.json` and `log/<name>.log` in it.
 *
 * A process is ours only while it was born when our record says (field 22 of /proc/<pid>/stat), so that a number which
 * the system gave to another one is never signalled.
 */
import { execFile, spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { expected } from '../scripts/ready.mjs';
import { replaceFile } from '../scripts/replace-file.mjs';

const GRACE_MS = 10_000;
const LOOK_MS = 25;

const pidFile = (folder, name) => join(folder, 'pid', `${name}.json`);
export const logFile = (folder, name) => join(folder, 'log', `${name}.log`);

/** Starts a command apart from this terminal; does nothing where it runs already. */
export function start(folder, name, command, args, { env = {}, cwd = folder } = {}) {
  if (pidOf(folder, name) !== undefined) return;
  for (const kind of ['pid', 'log']) mkdirSync(join(folder, kind), { recursive: true });
  const log = openSync(logFile(folder, name), 'a');
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.on('error', (error) => appendFileSync(logFile(folder, name), `${error.message}\n`));
  child.unref();
  const record = { pid: child.pid, birth: birthOf(child.pid), by: process.pid };
  replaceFile(pidFile(folder, name), JSON.stringify(record));
}

/** Names of all that were started and not stopped. */
export const names = (folder) =>
  existsSync(join(folder, 'pid'))
    ? readdirSync(join(folder, 'pid'))
        .filter((file) => file.endsWith('.json'))
        .map((file) => file.slice(0, -'.json'.length))
    : [];

/** The process's number while it lives, else undefined. */
export function pidOf(folder, name) {
  const { pid, birth } = recordOf(folder, name);
  return birth !== undefined && birthOf(pid) === birth ? pid : undefined;
}

const recordOf = (folder, name) =>
  existsSync(pidFile(folder, name)) ? JSON.parse(readFileSync(pidFile(folder, name), 'utf8')) : {};

/** Ends processes, the patient way first. @returns the names of those that had to be killed. */
export async function stop(folder, which = names(folder)) {
  const living = () => which.filter((name) => pidOf(folder, name) !== undefined);
  for (const name of living()) signal(folder, name, 'SIGTERM');
  for (const end = Date.now() + GRACE_MS; living().length > 0 && Date.now() < end;)
    await delay(LOOK_MS);
  const stubborn = living();
  for (const name of stubborn) signal(folder, name, 'SIGKILL');
  while (living().length > 0) await delay(LOOK_MS);
  for (const name of which) rmSync(pidFile(folder, name), { force: true });
  return stubborn;
}

/** Ends a process as a power switch does. */
export async function kill(folder, name) {
  signal(folder, name, 'SIGKILL');
  while (pidOf(folder, name) !== undefined) await delay(LOOK_MS);
  rmSync(pidFile(folder, name), { force: true });
}

/** Ends all of a folder's processes as a power switch does, without waiting: for who is about to end. */
export function killAll(folder) {
  for (const name of names(folder)) signal(folder, name, 'SIGKILL');
}

function signal(folder, name, which) {
  const pid = pidOf(folder, name);
  try {
    if (pid !== undefined) process.kill(pid, which);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Field 22, ticks since boot; undefined for one that is gone or only waits to be reaped. */
export function birthOf(pid) {
  const fields = statOf(pid);
  return fields === undefined || fields[0] === 'Z' ? undefined : fields[19];
}

/** What follows the name in /proc/<pid>/stat; the name may hold anything. */
function statOf(pid) {
  const stat = ofSystem(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** What the system says of a process; undefined where it is gone. */
function ofSystem(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Asks until the answer is true.
 *
 * @param what - completes "waited for …".
 * @throws what was waited for, how long, and the last reason; at once where a process of the folder has ended meanwhile.
 */
export async function waitFor(what, folder, ask, { patienceMs = 30_000, everyMs = 50 } = {}) {
  let reason = 'no answer';
  const gone = () => names(folder).filter((name) => pidOf(folder, name) === undefined);
  // after a power cut all of them are, until they are started in their turn
  const before = gone().filter((name) => recordOf(folder, name).by !== process.pid);
  for (const end = Date.now() + patienceMs; Date.now() < end; await delay(everyMs)) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch (error) {
      reason = error.cause?.message ?? error.message;
    }
    const ended = gone().find((name) => !before.includes(name));
    if (ended !== undefined) {
      throw expected(`${ended} ended while ${what} was waited for: ${lastWords(folder, ended)}`);
    }
  }
  throw expected(`waited ${patienceMs / 1000} s for ${what}: ${reason}`);
}

const lastWords = (folder, name) =>
  readFileSync(logFile(folder, name), 'utf8').trimEnd().split('\n').slice(-3).join(' | ');

/** `{ name: value }` as `--name value`. */
export const flags = (values) =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** Runs a command to its end. @returns what it printed. @throws its own words of error, in a line. */
export const run = (command, args, { env = {}, cwd, patienceMs = 60_000 } = {}) =>
  new Promise((done, fail) => {
    const options = {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      timeout: patienceMs,
      maxBuffer: 64 * 2 ** 20,
    };
    execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) return done(stdout);
      const words = `${basename(command)} ${args.slice(0, 3).join(' ')}`;
      if (error.code === 'ENOENT') return fail(expected(`${command} is not there`));
      if (error.killed) return fail(expected(`${words}: no end within ${patienceMs / 1000} s`));
      const text = stripVTControlCharacters(`${stderr}\n${stdout}`).trim();
      fail(expected(`${words}: ${/^Error:.*$/m.exec(text)?.[0] ?? text.split('\n').at(-1)}`));
    });
  });

/** Memory and processor time of all that live. */
export const usage = (folder) =>
  names(folder).flatMap((name) => {
    const pid = pidOf(folder, name);
    const fields = pid === undefined ? undefined : statOf(pid);
    if (fields === undefined) return [];
    const kib = Number(/VmRSS:\s+(\d+)/.exec(ofSystem(pid, 'status'))?.[1] ?? 0);
    const ticks = Number(fields[11]) + Number(fields[12]);
    return [{ name, pid, rssMiB: Math.round(kib / 1024), cpuSeconds: ticks / 100 }];
  });
