/** Runs suites, each leaving test-results/<name>.json, and adds them up. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { node, say } from './ready.mjs';

const folder = 'test-results';

export function record(name, result) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}.json`, JSON.stringify(result));
}

/** How jest is started: native ES modules still need a flag. */
export const jestCommand = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
];

/** Never throws: whatever makes jest end badly counts as a failure, a crash or too little coverage too. */
export async function suite(name, args) {
  say(`tests: ${name}`);
  mkdirSync(folder, { recursive: true });
  const file = `${name}.json`;
  rmSync(`${folder}/${file}`, { force: true });
  const kept = mkdtempSync(join(tmpdir(), 'holdfast-kept-'));
  process.env.KEPT_TABLES = kept; // for test/support/kept-tables.ts
  try {
    await node(...jestCommand, '--json', `--outputFile=${folder}/${file}`, ...args);
  } catch {
    const result = existsSync(`${folder}/${file}`) ? read(file) : {};
    if (failures(result) === 0) record(name, { ...result, numRuntimeErrorTestSuites: 1 });
  } finally {
    rmSync(kept, { recursive: true, force: true });
  }
}

const read = (file) => JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'));

/** A test file that does not even load is not in the count of failed tests. */
const failures = ({ numFailedTests = 0, numRuntimeErrorTestSuites = 0 }) =>
  numFailedTests + numRuntimeErrorTestSuites;

/**
 * Prints what was skipped and the sum.
 *
 * @param names suites; all that left a result unless told
 * @returns true when something passed and nothing failed
 */
export function tally(names) {
  mkdirSync(folder, { recursive: true });
  const files = names?.map((name) => `${name}.json`) ?? readdirSync(folder);
  const results = files.filter((file) => file.endsWith('.json')).map(read);
  const testFiles = results.flatMap(({ testResults = [] }) => testResults);
  const ran = new Set(testFiles.filter((file) => file.assertionResults.some(hasRun)).map(nameOf));
  const skipped = testFiles
    // one that was skipped here and ran there, on a network, was not skipped
    .filter((file) => file.assertionResults.some(hasRun) || !ran.has(nameOf(file)))
    .flatMap(({ assertionResults }) => assertionResults)
    .filter((one) => !hasRun(one));
  for (const { fullName } of skipped) print(`skipped: ${fullName}`);
  const passed = results.reduce((sum, { numPassedTests = 0 }) => sum + numPassedTests, 0);
  const failed = results.reduce((sum, result) => sum + failures(result), 0);
  const note = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  print(`${passed} passed, ${failed} failed${note}`);
  return failed === 0 && passed > 0;
}

const nameOf = ({ name }) => name;
const hasRun = ({ status }) => status === 'passed' || status === 'failed';

const print = (line) => process.stdout.write(`${line}\n`);

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exit(tally() ? 0 : 1);
