/** Children that end with us and come back when they die, each with a log. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expected, root } from './ready.mjs';

const ENDS_WITH_PARENT = new URL('./ends-with-parent.mjs', import.meta.url).href;
const READY_MS = 60_000;
const STOP_MS = 10_000;
/** A part that was ready and died comes back at once; one that never gets ready is tried a few times, ever slower. */
const AGAIN_MS = 100;
const FAILED_MS = 2_000;
const MOST_FAILURES = 5;

/**
 * @param logs folder of their logs
 * @param onLost called with a sentence when one cannot go on
 */
export function newFamily(logs, onLost) {
  const members = new Map();
  let stopping = false;
  const killAll = () => {
    for (const { child } of members.values()) child.kill('SIGKILL');
  };
  process.once('exit', killAll);

  function start(name, args, env = {}, failures = 0) {
    const child = spawn(process.execPath, ['--import', ENDS_WITH_PARENT, ...args], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: 'pipe',
    });
    const log = newLog(join(logs, `${name}.log`));
    child.stderr.on('data', log.write);
    child.once('close', log.close);
    const ready = readyLine(name, child, log);
    const member = { args, env, child, ready, paused: false };
    members.set(name, member);
    let wasReady = false;
    void isReady(member).then((is) => (wasReady = is));
    const began = Date.now();
    member.next = new Promise((again) => {
      child.once('exit', (code, signal) => {
        if (stopping || member.paused) return;
        const lived = wasReady || Date.now() - began > 5_000;
        const failed = lived ? 0 : failures + 1;
        if (failed === MOST_FAILURES)
          onLost?.(
            `The ${name} process does not stay (${signal ?? `exit ${code}`}); see the log ${name}.log`,
          );
        setTimeout(
          () => stopping || again(start(name, args, env, failed)),
          lived ? AGAIN_MS : FAILED_MS * failed,
        );
      });
    });
    return member;
  }

  /** Ends a part as a power switch does; resolves when the one after it is ready, or begun where it does not say. */
  async function kill(name) {
    let member = members.get(name);
    member.child.kill('SIGKILL');
    do member = await member.next;
    while (!(name.startsWith('chaincode') || (await isReady(member))));
  }

  async function pause(name) {
    const member = members.get(name);
    member.paused = true;
    await end(member.child);
  }

  async function resume(name) {
    const { args, env } = members.get(name);
    await start(name, args, env).ready;
  }

  async function stop() {
    stopping = true;
    const isGateway = (name) => name.startsWith('gateway');
    const ends = (name) => isGateway(name) || name.startsWith('chaincode');
    for (const wave of [isGateway, (n) => !ends(n), () => true]) {
      await Promise.all(
        [...members].filter(([name]) => wave(name)).map(([, { child }]) => end(child)),
      );
    }
    process.off('exit', killAll);
  }
  return { start, kill, pause, resume, stop };
}

const isReady = ({ ready }) =>
  ready.then(
    () => true,
    () => false,
  );

/** Waits for the line of JSON that says a child answers; the rest of its output goes to its log. */
function readyLine(name, child, log) {
  const ready = new Promise((done, fail) => {
    const give = setTimeout(
      () =>
        fail(expected(`The ${name} did not answer within ${READY_MS / 1000} s; see ${log.path}`)),
      READY_MS,
    );
    createInterface(child.stdout).on('line', (text) => {
      const value = text.startsWith('{"ready":true') ? JSON.parse(text) : undefined;
      if (value === undefined) return log.write(`${text}\n`);
      clearTimeout(give);
      done(value);
    });
    let said = '';
    createInterface(child.stderr).on('line', (text) => (said = text.trim() || said));
    child.once('close', (code) => {
      clearTimeout(give);
      fail(expected(`The ${name} could not start (exit ${code}): ${said}; see ${log.path}`));
    });
  });
  ready.catch(() => undefined); // not every caller waits
  return ready;
}

/** A log that cannot be written, as on a full disk, ends nothing; it goes on when it can. */
function newLog(path) {
  let file = openSync(path, 'a');
  return {
    path,
    write: (text) => {
      try {
        if (file !== undefined) writeSync(file, text);
      } catch (error) {
        if (error.syscall !== 'write') throw error;
      }
    },
    close: () => {
      closeSync(file);
      file = undefined;
    },
  };
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(late);
}
