/** npm test: builds, checks, runs every test that needs no outside binary. `npm test -- <jest arguments>` runs jest only. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { attackTable } from './attacks.mjs';
import { exitOf, expected, node, ready, say } from './ready.mjs';
import { jestCommand, record, suite, tally } from './tally.mjs';

const args = process.argv.slice(3);
if (args.length > 0) {
  await ready();
  await node(...jestCommand, ...args);
} else {
  rmSync('test-results', { recursive: true, force: true });
  const start = Date.now();
  await check('build', ready);
  // at once: format takes one core as long as all others take the rest
  await Promise.all(
    [
      ['format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
      ['types', 'node_modules/typescript/bin/tsc', '-p', 'test'],
      ['lint', 'node_modules/oxlint/bin/oxlint', '--type-aware'],
      ['rooms', 'scripts/first.mjs', 'rooms'],
    ].map(([name, ...command]) => check(name, () => aside(command))),
  );
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

/** Runs a program of ours beside others; what it says is shown in one piece, when it has ended. */
async function aside(command) {
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [code, ...said] = await Promise.all([
    exitOf(child),
    text(child.stdout),
    text(child.stderr),
  ]);
  process.stderr.write(said.join(''));
  if (code !== 0) throw expected(`failed: node ${command.join(' ')}`);
}
