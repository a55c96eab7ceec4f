/**
 * The table of attacks: what each came to without the defence that it meets, and with it. Tests write one file for each
 * half (test/support/attack.ts); a row that is wanted and was not shown counts as a failed test.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { record } from './tally.mjs';

const OUTCOMES = 'test-results/attacks';

/** Of the design's table of holes, and of the threats. */
const WANTED = [
  ...rows('row', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 18, 20, 27]),
  ...threats([1, 4, 7, 8, 9, 10, 11, 12, 15, 16, 17, 18, 19, 21, 23, 31, 32, 33, 34, 36]),
  ...threats([53, 54, 55, 56, 57, 58, 59, 60, 61]),
];

/** Rows about what is not there: not counted. */
const NOT_YET = {
  'row 14': 'no edits on the ledger yet: every audit costs 0 B of evidence',
  'row 16': 'no batches yet, so nobody commits to U_ROOT',
  'row 17':
    'no edits on the ledger yet; the log replays the tree in test/protocol/edit-log.test.ts',
  'row 19': 'no edits yet',
  'row 21': 'no rotation of chameleon keys and no rebatch yet',
  'row 22': 'no rewards yet: money is minted by an operator, and counted after every transaction',
  'row 23': 'no attack: cells have keys of their own, see test/protocol/content-keys.test.ts',
  'row 24': 'no attack: the size of a registration is measured in test/chaincode/register.test.ts',
  'row 25': 'the quota: T04',
  'row 26': 'no attack: the cost of intake is measured by npm run bench',
  'row 28': 'no attack: documents that disagreed',
};

function rows(name, numbers) {
  return numbers.map((number) => `${name} ${number}`);
}

function threats(numbers) {
  return numbers.map((number) => `T${String(number).padStart(2, '0')}`);
}

/** Test files that hold attacks. */
export function attackTests(folder = 'test') {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `${folder}/${file}`)
    .filter((file) => readFileSync(file, 'utf8').includes("from '../support/attack.ts'"));
}

export const forgetAttacks = () => rmSync(OUTCOMES, { recursive: true, force: true });

/** Prints the table; records what is missing as failed tests. */
export function attackTable() {
  const shown = readShown();
  const ids = new Set(shown.map(({ id }) => id));
  const missing = WANTED.filter((id) => !ids.has(id));
  const unknown = [...ids].filter((id) => !WANTED.includes(id));
  const halves = shown.filter(({ off, on }) => off === undefined || on === undefined);
  print('attacks, each without its defence and with it');
  printRow(['', 'attack', 'defence off', 'defence on']);
  for (const { id, attack, off, on } of shown) {
    printRow([id, attack, off ?? 'FAILED', on ?? 'FAILED']);
  }
  for (const [id, why] of Object.entries(NOT_YET))
    print(`${id.padEnd(WIDTHS[0])} not counted: ${why}`);
  for (const id of missing) print(`${id}: MISSING`);
  for (const id of unknown) print(`${id}: no such row`);
  const one = shown.filter(({ off }) => off?.startsWith('not shown')).length;
  print(
    `${shown.length} attacks of ${ids.size} rows, ${missing.length} rows missing, ${one} shown by half`,
  );
  const failed = missing.length + unknown.length + halves.length;
  record('attack-table', { numFailedTests: failed });
  return failed === 0;
}

/** One of each attack, in the order of the lists. */
function readShown() {
  const found = new Map();
  const files = existsSync(OUTCOMES) ? readdirSync(OUTCOMES) : [];
  for (const file of files) {
    const { half, outcome, ...what } = JSON.parse(readFileSync(`${OUTCOMES}/${file}`, 'utf8'));
    const key = `${what.id} ${what.attack} ${what.defence}`;
    found.set(key, { ...what, ...found.get(key), [half]: outcome });
  }
  const place = ({ id }) => WANTED.indexOf(id);
  return [...found.values()].sort(
    (a, b) => place(a) - place(b) || (a.attack + a.defence < b.attack + b.defence ? -1 : 1),
  );
}

const WIDTHS = [6, 58, 27, 27];

/** Cells that are too long go on below. */
function printRow(cells) {
  const columns = cells.map((cell, i) => wrapped(cell, WIDTHS[i]));
  const height = Math.max(...columns.map(({ length }) => length));
  for (let line = 0; line < height; line++) {
    print(
      columns
        .map((lines, i) => (lines[line] ?? '').padEnd(WIDTHS[i]))
        .join('  ')
        .trimEnd(),
    );
  }
}

function wrapped(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last.length + 1 + word.length <= width || last === '')
      lines[lines.length - 1] = `${last} ${word}`.trim();
    else lines.push(word);
  }
  return lines;
}

const print = (line) => process.stdout.write(`${line}\n`);
