/** Figures of the whole system on the embedded default. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileSource } from '@holdfast/client/file-source.js';
import { Owner } from '@holdfast/client/owner.js';
import { startSystem } from '../system.mjs';
import { median, othersNow, rounded, row, timed } from './measure.mjs';
import { stream } from './sealing.mjs';

const MIB = 2 ** 20;
const STARTS = 3;
const CHALLENGES = 5;
/** From asking the ledger for an audit to its verdict. */
const VERDICT_MS = 300_000;

/**
 * @param path a file to store, of `size` bytes
 * @param isFull four uploads of one GiB, and an audit of the ledger, which takes some minutes
 */
export async function measureSystem(scratch, pool, { path, size, isFull }) {
  const shared = await othersNow();
  const starts = [];
  let system;
  for (let i = 0; i < STARTS; i++) {
    await system?.stop();
    const began = Date.now();
    system = await startSystem({ folder: join(scratch, 'system'), port: 0 });
    starts.push((Date.now() - began) / 1000);
  }
  try {
    const { url } = system;
    const home = join(scratch, 'owner');
    const password = 'a long bench password';
    const { owner } = await Owner.create({ gateway: url, home, password, pool });
    let stored;
    const put = await timed(async () => {
      stored = await owner.put('bench.bin', fileSource(path));
    });
    return [
      row('npm start ready, once built', median(starts), 's', {
        most: 5,
        beside: `starts: ${starts.map(rounded).join(', ')} s`,
        shared,
      }),
      ...(await weigh(url, stored)),
      row(`put of ${size / MIB} MiB, first byte to acknowledged`, put.wall, 's', {
        beside: `${rounded(put.cpu)} CPU-s of the owner`,
      }),
      ...compareWithRestic(scratch, path, put.cpu, 2 ** 30 / size),
      ...(await measureAudits(url, owner, stored, isFull)),
      ...(await measureFour(owner, isFull ? 1024 : 64)),
    ];
  } finally {
    await system.stop();
  }
}

/** Bytes of a registration as three organisations would endorse it. */
async function weigh(url, { transactionId }) {
  const { bytes, endorsers } = await (
    await fetch(`${url}/v1/ledger/transactions/${transactionId}`)
  ).json();
  const endorsement = bytes.endorsements / endorsers.length;
  const weight = bytes.envelope + (3 - endorsers.length) * endorsement;
  return [
    row('files:register, n = 5, three endorsements', weight, 'bytes', {
      most: 12 * 1024,
      beside: `an endorsement: ${Math.round(endorsement)} bytes`,
    }),
  ];
}

/** The owner's CPU for the same bytes: restic encrypts, deduplicates and stores beside itself, without tags or keys. */
function compareWithRestic(scratch, path, cpu, share) {
  const ours = row('owner, CPU of that put, by GiB', cpu * share, 'CPU-s');
  const env = {
    ...process.env,
    LC_ALL: 'C',
    RESTIC_PASSWORD: 'bench',
    RESTIC_REPOSITORY: join(scratch, 'restic'),
  };
  const shell = (command) =>
    execFileSync('sh', ['-c', command, 'sh', path], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    shell('restic init --no-cache');
  } catch {
    return [{ ...ours, beside: 'restic backup: not installed here' }];
  }
  const times = String(shell('restic backup --no-cache --quiet "$1"; times'));
  const [, minutes, seconds, kernelMinutes, kernelSeconds] =
    /\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(times);
  const theirs =
    60 * (Number(minutes) + Number(kernelMinutes)) + Number(seconds) + Number(kernelSeconds);
  return [
    { ...ours, beside: `restic backup: ${rounded(theirs * share)} CPU-s` },
    row('the same against restic backup', cpu / theirs, 'x', {
      most: 2,
      beside: 'restic encrypts and deduplicates: no tags, no keys of others',
    }),
  ];
}

/** How long the gateway's event loop stood still while its files are audited, at once and by the ledger. */
async function measureAudits(url, owner, { fileId, blocks }, isFull) {
  await eventLoopLag(url); // what was before does not count
  let isOver = !isFull;
  const verdict = isFull
    ? owner.audit(fileId, { patienceMs: VERDICT_MS }).finally(() => (isOver = true))
    : undefined;
  verdict?.catch(() => undefined); // it is awaited below
  const taken = [];
  do {
    taken.push((await owner.challenge(fileId)).durationMs / 1000);
  } while (taken.length < CHALLENGES || !isOver);
  await verdict;
  const lag = await eventLoopLag(url);
  const audits = `${taken.length} audits of ${blocks} blocks${isFull ? ', one more by the ledger' : ''}`;
  return [
    row('audit at once, asked of the gateway', median(taken), 's', { beside: audits }),
    row("gateway's event-loop delay p99 meanwhile", 1000 * lag, 'ms', {
      most: 50,
      beside: `one audit: ${rounded(1000 * median(taken))} ms`,
      shared: await othersNow(),
    }),
  ];
}

/** Seconds: the 99th percentile since the last call. */
async function eventLoopLag(url) {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^holdfast_event_loop_lag_seconds (\S+)$/m.exec(text)[1]);
}

/** Four uploads at once: the most memory that the gateway ever took, where the machine tells. */
async function measureFour(owner, mib) {
  const size = mib * MIB;
  const before = peakOfGateway();
  const { wall } = await timed(() =>
    Promise.all(
      [1, 2, 3, 4].map((i) =>
        owner.put(`four-${i}.bin`, {
          size,
          modifiedAt: 0,
          key: `four-${i}`,
          open: () => stream(size),
        }),
      ),
    ),
  );
  const peak = peakOfGateway();
  return [
    row(`four puts of ${mib} MiB at once`, wall, 's'),
    ...(peak === undefined
      ? []
      : [
          row(`gateway's peak memory during them`, peak, 'MiB', {
            most: 400,
            beside: `before them: ${rounded(before)} MiB; sent: ${4 * mib} MiB`,
          }),
        ]),
  ];
}

function peakOfGateway() {
  try {
    const pid = readdirSync('/proc').find((name) => isOurGateway(name));
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) / 1024;
  } catch {
    return undefined; // no Linux
  }
}

function isOurGateway(name) {
  if (!/^\d+$/.test(name)) return false;
  try {
    const [, parent] = /\) \S (\d+) /.exec(readFileSync(`/proc/${name}/stat`, 'utf8'));
    const command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
    return Number(parent) === process.pid && command.includes('gateway/dist');
  } catch {
    return false; // it has just ended
  }
}
