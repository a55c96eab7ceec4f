/** npm test: builds, checks, runs every test that needs no outside binary. `npm test -- <jest arguments>` runs jest only. */
import { rmSync } from 'node:fs';
import { attackTable } from './attacks.mjs';
import { expected, node, ready, say } from './ready.mjs';
import { jestCommand, record, suite, tally } from './tally.mjs';

const args = process.argv.slice(3);
if (args.length > 0) {
  await ready();
  await node(...jestCommand, ...args);
} else {
  rmSync('test-results', { recursive: true, force: true });
  const start = Date.now();
  await check('build', ready);
  for (const [name, ...command] of [
    ['types', 'node_modules/typescript/bin/tsc', '-p', 'test'],
    ['lint', 'node_modules/oxlint/bin/oxlint', '--type-aware'],
    ['format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
    ['rooms', 'scripts/first.mjs', 'rooms'],
  ]) {
    await check(name, () => node(...command));
  }
  await suite('main', []);
  attackTable();
  say(`took ${Math.round((Date.now() - start) / 1000)} s`);
  if (!tally()) throw expected('npm test failed');
}

/** A check that passes counts for nothing; one that fails counts as a failed test. */
async function check(name, work) {
  say(`check: ${name}`);
  try {
    await work();
  } catch (error) {
    say(error.message);
    record(name, { numFailedTests: 1 });
  }
}
