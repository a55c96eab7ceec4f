/**
 * npm run coverage -- <jest arguments>: every test with branches counted (by istanbul: v8 counts each function entered as a
 * branch taken), a line for each room. Ends badly where a room has less than its aim.
 *
 * What runs in worker threads, child processes and contracts' own processes is not counted.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expected, node, ready, root } from './ready.mjs';
import { jestCommand } from './tally.mjs';

/** Per cent of the branches of a room. */
const AIMS = { protocol: 95, chaincode: 95, gateway: 85, client: 85 };

await ready();
const folder = mkdtempSync(join(tmpdir(), 'holdfast-coverage-'));
try {
  await node(
    ...jestCommand,
    '--coverage',
    '--coverageReporters=json-summary',
    `--coverageDirectory=${folder}`,
    ...process.argv.slice(3),
  );
  const summary = JSON.parse(readFileSync(join(folder, 'coverage-summary.json'), 'utf8'));
  const short = Object.entries(AIMS).filter(([room, aim]) => branchesOf(summary, room) < aim);
  if (short.length > 0) {
    throw expected(`too few branches tested: ${short.map(([room]) => room).join(', ')}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Prints the room's line, and names the files that miss most. */
function branchesOf(summary, room) {
  const files = Object.entries(summary)
    .map(([path, { branches }]) => ({ path: relative(root, path), ...branches }))
    .filter(({ path }) => path.startsWith(`${room}/src/`));
  const sum = (count) => files.reduce((total, file) => total + file[count], 0);
  const percent = (100 * sum('covered')) / sum('total');
  const worst = files
    .map(({ path, total, covered }) => ({ path, missed: total - covered }))
    .filter(({ missed }) => missed > 0)
    .sort((a, b) => b.missed - a.missed)
    .slice(0, 5)
    .map(({ path, missed }) => `${path.slice(room.length + 5)} ${missed}`);
  process.stdout.write(
    `${room.padEnd(11)}${percent.toFixed(1).padStart(5)} % of ${sum('total')} branches, aim ${AIMS[room]} %; missed most: ${worst.join(', ')}\n`,
  );
  return percent;
}
