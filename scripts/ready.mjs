/**
 * Makes a clone ready: packages installed as the lock file says, everything built.
 * Node built-ins only, because it runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Installs and builds what is missing. Safe from several processes at once: the others wait, then find it done. */
export async function ready(report = say) {
  process.chdir(root);
  await alone(async () => {
    if (!isInstalled()) await timed('packages', 'installed, first time only', install, report);
    await timed('build', 'protocol chaincode gateway client network', build, report);
  });
}

/** Whether node_modules holds what the lock file asks for. npm writes its hidden lock file last. */
function isInstalled() {
  try {
    const wanted = readLock('package-lock.json');
    const found = readLock('node_modules/.package-lock.json');
    return Object.entries(wanted).every(
      ([path, { version, optional }]) =>
        !path.includes('node_modules/') ||
        (found[path] ? found[path].version === version : optional),
    );
  } catch {
    return false;
  }
}

const readLock = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;

async function install() {
  const total = Object.keys(readLock('package-lock.json')).length;
  const child = npm(['ci', '--prefer-offline', '--loglevel=http'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let known = 0;
  let fetched = 0;
  let unanswered = 0;
  const complaints = [];
  createInterface(child.stderr).on('line', (line) => {
    if (line.includes(' failed with ')) unanswered++;
    else if (/^npm http .*\.tgz/.test(line)) fetched++;
    else if (line.startsWith('npm http')) known++;
    else if (line.startsWith('npm error')) complaints.push(line);
    if (unanswered > 20 && unanswered > known) child.kill(); // npm would try for minutes
  });
  const tick = setInterval(
    () => say(`  ${known} looked up, ${fetched} fetched, of at most ${total}`),
    5_000,
  );
  const code = await exitOf(child).finally(() => clearInterval(tick));
  if (code === 0) return;
  throw expected(
    unanswered > 0
      ? 'The package registry does not answer. Packages are fetched once: connect, or point npm at a mirror (npm config set registry), and run the same command again.'
      : `npm ci failed:\n${complaints.slice(0, 15).join('\n')}`,
  );
}

/** Starts the npm that started us. */
export function npm(args, options) {
  const path = process.env.npm_execpath;
  return path?.endsWith('npm-cli.js')
    ? spawn(process.execPath, [path, ...args], options)
    : spawn('npm', args, options);
}

async function build() {
  await node('node_modules/typescript/bin/tsc', '-b');
  const { bundlePrograms } = await import('./programs.mjs');
  await bundlePrograms();
}

/**
 * Runs a program of ours under this Node; throws when it fails. All that it has started, and what that has started, ends
 * with it and with us.
 */
export async function node(...args) {
  const stdio = ['ignore', 'inherit', 'inherit'];
  // a group of its own, which can be ended as a whole
  const child = spawn(process.execPath, args, { stdio, detached: true });
  const code = await exitOf(child, (signal) => signalled(-child.pid, signal));
  signalled(-child.pid, 'SIGTERM');
  if (code !== 0) throw expected(`failed: node ${args.join(' ')}`);
}

/** Milliseconds between being asked to end and being ended. */
const GRACE_MS = 8_000;

/**
 * The exit code of a child; the child ends when we do.
 *
 * @param send sends it a signal, or asks by 0 whether it is there; false where it is not
 */
export function exitOf(child, send = (signal) => signalled(child.pid, signal)) {
  const end = () => send('SIGKILL');
  let isStopping = false;
  const stop = (name, number) => {
    isStopping = true;
    void ended(send).then(() => process.exit(128 + number));
  };
  process.once('exit', end).on('SIGTERM', stop).on('SIGINT', stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // whoever is stopped says nothing more of it
    child.once('close', (code) => isStopping || resolve(code ?? 1));
  }).finally(() => process.off('exit', end).off('SIGTERM', stop).off('SIGINT', stop));
}

/** Asks whoever `send` reaches to end; those who do not in their time are ended. */
async function ended(send) {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    send(signal);
    for (const until = Date.now() + GRACE_MS; send(0) && Date.now() < until;) await delay(20);
  }
}

/** @param pid of a process, or of a group with a minus before it */
function signalled(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/**
 * Runs `work` while no other process does so for this folder. The lock is a port of loopback, which
 * the system frees however we end; who finds it taken waits until the holder hangs up.
 */
async function alone(work) {
  const waiting = new Set();
  const server = createServer((socket) => {
    waiting.add(socket.on('error', () => undefined));
    socket.write(root);
  });
  const first = 20_000 + (createHash('sha256').update(root).digest().readUInt16BE() % 10_000);
  for (let port = first, silent = 0; !(await listens(server, port));) {
    if (await heldByUs(port)) [port, silent] = [first, 0];
    else if (++silent % 3 === 0) port++; // it belongs to something else
  }
  try {
    await work();
  } finally {
    server.close();
    for (const socket of waiting) socket.destroy();
  }
}

function listens(server, port) {
  return new Promise((resolve, reject) => {
    server.removeAllListeners('error').removeAllListeners('listening');
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error)));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
}

/** Waits for the holder to finish; false where nobody of ours answers. */
function heldByUs(port) {
  return new Promise((resolve) => {
    let greeting = '';
    const socket = connect(port, '127.0.0.1');
    const foreign = setTimeout(() => socket.destroy(), 2_000);
    socket.setEncoding('utf8').on('data', (text) => {
      greeting += text;
      if (greeting !== root) return;
      clearTimeout(foreign);
      say('another command is preparing this folder; waiting for it');
    });
    socket
      .on('error', () => undefined)
      .on('close', () => {
        clearTimeout(foreign);
        resolve(greeting === root);
      });
  });
}

async function timed(part, what, work, report) {
  const start = Date.now();
  await work();
  report(line(part, what, Date.now() - start));
}

/** One row of a start: part, what it is, how long it took. */
export const line = (part, what, ms, where = '') =>
  `  ${part.padEnd(12)}${what.padEnd(44)}${`${(ms / 1000).toFixed(1)} s`.padStart(7)}  ${where}`.trimEnd();

export const say = (text) => process.stderr.write(`${text}\n`);

/** An error that a person can act on: printed without a stack. */
export const expected = (message, exit = 1) => Object.assign(new Error(message), { exit });
