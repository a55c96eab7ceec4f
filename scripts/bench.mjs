/**
 * npm run bench: the figures that Holdfast promises, measured here, beside what is asked and what else there is. Ends
 * badly where one is missed, and says which.
 *
 * CPU seconds count all threads of the process; on a shared machine trust them, and ratios, before seconds of the clock:
 * where others take processors, a row of the clock says so and is decided by CPU as far as its work is all ours.
 *
 * `--json` prints one array instead of the table; `--only=oprf,sealing` measures some parts; `--full` sends whole
 * gibibytes through the system, four uploads of one GiB at the same time among them, and has the ledger audit one.
 * `--only=network`, or the word `network`, brings up a real network and measures that; no other run does.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expected, ready, root, say } from './ready.mjs';

await ready(() => undefined);
const { ready: startCurve } = await import('@holdfast/protocol/curve.js');
const { openThreadPool } = await import('@holdfast/protocol/threads.js');
const { Piscina } = await import('piscina');
const { measureVerdict } = await import('./bench/verdict.mjs');
const { measureOprf } = await import('./bench/oprf.mjs');
const { measureSealing } = await import('./bench/sealing.mjs');
const { measureProvider } = await import('./bench/provider.mjs');
const { measureTree } = await import('./bench/tree.mjs');
const { measureSystem } = await import('./bench/system.mjs');
const { measureNetwork } = await import('./bench/network.mjs');

await startCurve();
const isFull = process.argv.includes('--full');
const only = process.argv.includes('network')
  ? ['network']
  : process.argv
      .find((word) => word.startsWith('--only='))
      ?.slice(7)
      .split(',');
/** Needs engines that are built once. */
const WHEN_NAMED = ['network'];
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const scratch = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const worker = new URL('client/dist/worker.js', `file://${root}`).href;
const pool = openThreadPool(
  availableParallelism(),
  (kept) => new Piscina({ ...kept, filename: worker }),
);
try {
  const parts = {
    verdict: measureVerdict,
    oprf: measureOprf,
    sealing: () => withFile(GIB, (path) => measureSealing(pool, path, GIB)),
    provider: () => measureProvider(pool, 4_096),
    tree: measureTree,
    system: () => {
      const size = isFull ? GIB : 256 * MIB;
      return withFile(size, (path) => measureSystem(scratch, pool, { path, size, isFull }));
    },
    network: () => measureNetwork(scratch),
  };
  const unknown = only?.find((name) => !(name in parts));
  if (unknown !== undefined)
    throw expected(`no part ${unknown}; there are ${Object.keys(parts).join(', ')}`, 2);
  const rows = [];
  for (const [name, measure] of Object.entries(parts)) {
    if (only === undefined ? WHEN_NAMED.includes(name) : !only.includes(name)) continue;
    say(`${name} …`);
    rows.push(...(await measure()));
  }
  print(rows);
} finally {
  await pool.close();
  rmSync(scratch, { recursive: true, force: true });
}

/** A file of random bytes, there while `use` runs. */
async function withFile(size, use) {
  const path = join(scratch, 'some.bin');
  for (let written = 0; written < size; written += 16 * MIB)
    appendFileSync(path, randomBytes(16 * MIB));
  try {
    return await use(path);
  } finally {
    rmSync(path);
  }
}

/** Rows of `measure.mjs`, then which are missed and why. */
function print(rows) {
  const lines = process.argv.includes('--json') ? [JSON.stringify(rows, null, 2)] : table(rows);
  process.stdout.write(`${lines.join('\n')}\n`);
  const asked = rows.filter(({ holds }) => holds !== undefined);
  const missed = asked.filter(({ holds }) => !holds);
  say(`${asked.length - missed.length} of ${asked.length} figures hold`);
  for (const { what, measured, unit, most, note } of missed) {
    const why = note === undefined ? '' : ` (${note})`;
    say(`missed: ${what}: ${measured} ${unit}, at most ${most}${why}`);
  }
  if (missed.length > 0) process.exitCode = 1;
}

/** Whether it holds, the figure, what is asked, what else there is. */
function table(rows) {
  const wide = Math.max(...rows.map(({ what }) => what.length));
  return rows.flatMap(({ what, measured, unit, most, aim, beside = '', holds, note }) => {
    const mark = holds === undefined ? ' ' : holds ? '✓' : '✕';
    const asked = [most && `at most ${most}`, aim && `aim ${aim}`].filter(Boolean).join(', ');
    const columns = [what.padEnd(wide), `${measured} ${unit}`.padStart(14), asked.padEnd(20)];
    const line = `${mark} ${columns.join('  ')}  ${beside}`.trimEnd();
    return note === undefined ? [line] : [line, `    ${note}`];
  });
}
