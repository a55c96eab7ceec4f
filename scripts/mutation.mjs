/**
 * npm run drill -- mutation [modules]: small faults put into the parts that everything rests on, one at a time, and what
 * their tests make of them. A fault that no test notices survives, and is printed.
 *
 * StrykerJS makes the faults. It is no dependency of Holdfast: its version below is fetched once into the cache of
 * whoever runs it, and it works on copies of this folder there.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { exitOf, expected, node, npm, say } from './ready.mjs';
import { jestCommand } from './tally.mjs';

const VERSION = '9.6.1';
/** Per cent of the faults of a module that its tests have to notice. */
const AIM = 80;

/** Of each module: what is changed, and the tests that have to notice it, the quickest that can. */
const MODULES = {
  proof: [['protocol/src/proof.ts', 'protocol/small-proofs']],
  challenge: [
    ['protocol/src/challenge.ts', 'protocol/challenge'],
    ['protocol/src/audit.ts', 'protocol/{audit,audited-node,due}'],
  ],
  prover: [
    ['protocol/src/prover.ts', 'protocol/small-proofs'],
    ['protocol/src/block-sums.ts', 'protocol/block-sums'],
  ],
  ramp: [['protocol/src/{ramp,binary-field}.ts', 'protocol/ramp']],
  lanes: [
    ['protocol/src/owner/lanes.ts', 'protocol/lanes'],
    ['chaincode/src/money.ts', 'chaincode/money'],
  ],
  purses: [['chaincode/src/accounts-contract.ts', 'chaincode/purse-rules']],
  authorisation: [
    ['chaincode/src/permissions.ts', 'chaincode/permissions'],
    ['chaincode/src/{caller,call}.ts', 'chaincode/call'],
  ],
  verdict: [
    ['chaincode/src/{audited-file,settlement}.ts', 'chaincode/{settlement,verdict-rules}'],
    ['chaincode/src/epochs.ts', 'chaincode/{epochs,verdict-rules}'],
  ],
  answer: [['chaincode/src/audits-contract.ts', 'chaincode/{verdict-rules,audit-lists}']],
};

/** @param names - of modules; all where none is given. */
export async function mutation(...names) {
  const unknown = names.find((name) => !Object.hasOwn(MODULES, name));
  if (unknown !== undefined) {
    throw expected(`No module ${unknown}. There are: ${Object.keys(MODULES).join(', ')}.`, 2);
  }
  const tool = await installed();
  process.env.MUTATION = '1'; // properties do not look for a smallest failing case
  const short = [];
  for (const name of names.length > 0 ? names : Object.keys(MODULES)) {
    const files = [];
    for (const [sources, tests] of MODULES[name]) files.push(...(await run(tool, sources, tests)));
    if (print(name, files) < AIM) short.push(name);
  }
  if (short.length > 0) throw expected(`too few faults noticed: ${short.join(', ')}`);
}

/** The folder of StrykerJS; fetches it where it is not there. */
async function installed() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const tool = join(cache, `holdfast-stryker-${VERSION}`);
  if (existsSync(join(tool, 'node_modules/.package-lock.json'))) return tool;
  say(`fetching StrykerJS ${VERSION}, first time only`);
  mkdirSync(tool, { recursive: true });
  writeFileSync(join(tool, 'package.json'), '{ "private": true }');
  const packages = ['core', 'jest-runner'].map((part) => `@stryker-mutator/${part}@${VERSION}`);
  const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--silent'];
  const code = await exitOf(
    npm(['install', ...flags, ...packages], { cwd: tool, stdio: 'inherit' }),
  );
  if (code !== 0) throw expected('StrykerJS cannot be fetched');
  return tool;
}

/** The mutants of some files, as of https://github.com/stryker-mutator/mutation-testing-elements */
async function run(tool, sources, tests) {
  const folder = mkdtempSync(join(tool, 'run-'));
  try {
    const report = join(folder, 'report.json');
    const settings = {
      mutate: [sources],
      mutator: { excludedMutations: ['StringLiteral'] },
      plugins: [join(tool, 'node_modules/@stryker-mutator/jest-runner/dist/src/index.js')],
      testRunner: 'jest',
      testRunnerNodeArgs: jestCommand.slice(0, -1),
      jest: {
        projectType: 'custom',
        enableFindRelatedTests: false,
        config: { testMatch: [`<rootDir>/test/${tests}.test.ts`] },
      },
      coverageAnalysis: 'perTest',
      concurrency: 1,
      // On a busy machine a test that only waits is not one that hangs.
      timeoutMS: 8_000,
      timeoutFactor: 3,
      tsconfigFile: 'none', // TypeScript 7 has no programming interface to read one with
      tempDirName: folder,
      cleanTempDir: 'always',
      ignorePatterns: ['dist', '.holdfast', 'coverage', 'test-results'],
      reporters: ['json'],
      jsonReporter: { fileName: report },
      logLevel: 'warn',
      allowConsoleColors: false,
    };
    const file = join(folder, 'settings.json');
    writeFileSync(file, JSON.stringify(settings));
    await node(join(tool, 'node_modules/@stryker-mutator/core/bin/stryker.js'), 'run', file);
    return Object.entries(JSON.parse(readFileSync(report, 'utf8')).files);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints a module's row and what its tests did not notice, or only by never ending. Returns the score. */
function print(name, files) {
  const mutants = files.flatMap(([path, { source, mutants: each }]) =>
    each.map((mutant) => ({ ...mutant, path, original: textAt(source, mutant.location) })),
  );
  const of = (...statuses) => mutants.filter(({ status }) => statuses.includes(status));
  const [killed, hung] = [of('Killed'), of('Timeout')];
  const survived = of('Survived', 'NoCoverage');
  const caught = killed.length + hung.length;
  const all = caught + survived.length;
  if (all === 0) throw expected(`${name}: no faults were made; are its files where they were?`);
  const score = (100 * caught) / all;
  const row = `${all} mutants, ${killed.length} killed, ${survived.length} survived, ${hung.length} timed out`;
  process.stdout.write(`${name.padEnd(14)}${score.toFixed(1).padStart(5)} %  ${row}\n`);
  for (const { path, location, original, replacement, status } of [...survived, ...hung]) {
    const place = `${path}:${location.start.line}:${location.start.column}`;
    process.stdout.write(
      `  ${status.padEnd(11)}${place}  ${oneLine(original)} -> ${oneLine(replacement)}\n`,
    );
  }
  return score;
}

/** Lines and columns count from 1; the end is where the next letter would be. */
function textAt(source, { start, end }) {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  lines[last] = lines[last].slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join('\n');
}

const oneLine = (text) => text.replace(/\s+/g, ' ').slice(0, 90);
