/**
 * npm run bench: the figures that Holdfast promises, measured here, beside what is asked and what else there is.
 *
 * CPU seconds count all threads of the process; on a shared machine trust them, and ratios, before seconds of the clock.
 * `--json` prints one array instead of the table; `--full` measures whole gibibytes, four uploads of one GiB among them,
 * where otherwise a part stands for the whole.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ready, root, say } from './ready.mjs';

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

await startCurve();
const isFull = process.argv.includes('--full');
const MIB = 2 ** 20;
const scratch = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
const worker = new URL('client/dist/worker.js', `file://${root}`).href;
const pool = openThreadPool(
  availableParallelism(),
  (kept) => new Piscina({ ...kept, filename: worker }),
);
try {
  const size = (isFull ? 1024 : 256) * MIB;
  const path = join(scratch, 'some.bin');
  for (let written = 0; written < size; written += 16 * MIB)
    appendFileSync(path, randomBytes(16 * MIB));
  const rows = [];
  const parts = {
    'verdict over 460 blocks': measureVerdict,
    OPRF: measureOprf,
    sealing: () => measureSealing(pool, path, size),
    'the provider': () => measureProvider(pool, isFull ? 4_096 : 1_024),
    'the tree': measureTree,
    'the system': () => measureSystem(scratch, pool, { path, size, isFull }),
  };
  for (const [what, measure] of Object.entries(parts)) {
    say(`${what} …`);
    rows.push(...(await measure()));
  }
  print(rows);
} finally {
  await pool.close();
  rmSync(scratch, { recursive: true, force: true });
}

/** Rows of `measure.mjs`: whether it holds, the figure, what is asked, what else there is. */
function print(rows) {
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  } else {
    const wide = Math.max(...rows.map(({ what }) => what.length));
    for (const { what, measured, unit, most, aim, beside = '', holds } of rows) {
      const mark = holds === undefined ? ' ' : holds ? '✓' : '✕';
      const asked = [most && `at most ${most}`, aim && `aim ${aim}`].filter(Boolean).join(', ');
      const columns = [what.padEnd(wide), `${measured} ${unit}`.padStart(14), asked.padEnd(20)];
      process.stdout.write(`${mark} ${columns.join('  ')}  ${beside}`.trimEnd() + '\n');
    }
  }
  if (rows.some(({ holds }) => holds === false)) process.exitCode = 1;
}
