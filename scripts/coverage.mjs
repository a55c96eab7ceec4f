/**
 * npm run coverage -- <jest arguments>: the tests that run the rooms in their own process, with branches counted (by
 * istanbul: v8 counts each function entered as a branch taken), a line for each room and how long it took. Ends badly
 * where a room has less than its aim.
 *
 * What runs in worker threads, child processes and contracts' own processes is not counted, so nothing is run that does
 * all its work there. What starts a process, such as the gateway's main.ts, counts as not tested.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expected, node, ready, root, say } from './ready.mjs';
import { jestCommand } from './tally.mjs';

/** Per cent of the branches of a room. */
const AIMS = { protocol: 95, chaincode: 95, gateway: 85, client: 85 };

/** Tests of whole systems in child processes, and of what is no room. */
const ELSEWHERE = ['test/drills/', 'test/house/', 'test/network/', 'test/story'];

await ready();
const start = Date.now();
const folder = mkdtempSync(join(tmpdir(), 'holdfast-coverage-'));
try {
  // what failing tests covered is printed too
  const failure = await node(
    ...jestCommand,
    '--coverage',
    '--coverageReporters=json-summary',
    `--coverageDirectory=${folder}`,
    ...ELSEWHERE.map((path) => `--testPathIgnorePatterns=${path}`),
    ...process.argv.slice(3),
  ).then(
    () => undefined,
    (error) => error,
  );
  const summary = JSON.parse(readFileSync(join(folder, 'coverage-summary.json'), 'utf8'));
  const short = Object.entries(AIMS).filter(([room, aim]) => branchesOf(summary, room) < aim);
  say(`took ${Math.round((Date.now() - start) / 1000)} s`);
  if (failure !== undefined)
    throw expected('tests failed, so the figures are not those of a whole run');
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
  if (files.length === 0) throw expected(`${room}: nothing was counted`);
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
