/**
 * npm run drill -- <drill> [arguments]: what is too long for every test run.
 *
 * fuzz [cases]         bad input at every decoder, transaction and route; 200,000 cases unless told, SEED repeats one
 * concurrency [runs]   random transactions of many owners at once against a serial model; 40 runs unless told
 * crash [kills]        the whole system while its processes are killed under uploads; 1,000 kills unless told
 * images [images]      disks as a power cut may leave them, opened again; 2,000 unless told
 * mutation [modules]   small faults in proof, challenge, ramp, lanes and the like, and whether their tests notice
 * sampling             1,000 audits of 1 % damage against the exact probability, and 10,000 of undamaged files
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mutation } from './mutation.mjs';
import { expected, node, ready, say } from './ready.mjs';
import { jestCommand } from './tally.mjs';

/** Longest a drill may take, milliseconds. */
const PATIENCE_MS = 6 * 3_600_000;

const DRILLS = { fuzz, concurrency, crash, images, mutation, sampling };
const [name, ...args] = process.argv.slice(3);
const drill = Object.hasOwn(DRILLS, name ?? '') ? DRILLS[name] : undefined;
if (drill === undefined) {
  throw expected(
    `npm run drill -- <drill>, where a drill is: ${Object.keys(DRILLS).join(', ')}`,
    2,
  );
}
await ready();
await drill(...args);

async function concurrency(runs = '40') {
  process.env.CONCURRENCY_RUNS = count(runs, 'runs');
  process.env.SEED ??= String(Date.now() % 2 ** 31);
  say(`concurrency: ${runs} runs, seed ${process.env.SEED}`);
  await jest('test/chaincode/concurrency');
}

async function crash(kills = '1000') {
  process.env.CRASH_KILLS = count(kills, 'kills');
  process.env.SEED ??= String(Date.now() % 2 ** 31);
  say(`crash: ${kills} kills, seed ${process.env.SEED}`);
  await jest('test/drills/crash');
}

async function images(wanted = '2000') {
  process.env.IMAGES = count(wanted, 'images');
  process.env.SEED ??= String(Date.now() % 2 ** 31);
  say(`images: ${wanted} images, seed ${process.env.SEED}`);
  await jest('test/drills/images');
}

async function sampling() {
  process.env.SLOW = '1';
  await jest('test/protocol/sampling');
}

function jest(pattern) {
  return node(
    ...jestCommand,
    '--runInBand',
    `--testTimeout=${PATIENCE_MS}`,
    '--testPathPatterns',
    pattern,
  );
}

function count(text, what) {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw expected(`How many ${what}? A whole number.`, 2);
  return text;
}

async function fuzz(cases = '200000') {
  count(cases, 'cases');
  const report = mkdtempSync(join(tmpdir(), 'holdfast-fuzz-'));
  process.env.SEED ??= String(Date.now() % 2 ** 31);
  process.env.FUZZ_CASES = cases;
  process.env.FUZZ_REPORT = report;
  say(`fuzz: ${cases} cases, seed ${process.env.SEED}`);
  try {
    await jest('test/fuzz/');
  } finally {
    printOutcomes(report);
    rmSync(report, { recursive: true, force: true });
  }
}

/** A row for each target that came to its end: cases, and what became of them. */
function printOutcomes(report) {
  const rows = readdirSync(report).map((file) =>
    JSON.parse(readFileSync(join(report, file), 'utf8')),
  );
  for (const { target, cases, outcomes } of rows) {
    const told = Object.entries(outcomes)
      .sort(([, a], [, b]) => b - a)
      .map(([outcome, count]) => `${outcome} ${count}`);
    process.stdout.write(`${target.padEnd(34)}${String(cases).padStart(8)}  ${told.join(', ')}\n`);
  }
  const sum = rows.reduce((total, { cases }) => total + cases, 0);
  process.stdout.write(`${sum} cases, seed ${process.env.SEED}\n`);
}
