/**
 * Fuzzing: good values are changed, and whatever comes of it must be taken or refused with a code of ours.
 *
 * A test run tries a few cases from a fixed seed; `npm run drill -- fuzz` tries as many as it is told, from a fresh seed
 * that it prints, and gets a line for each target back.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { ERRORS, HoldfastError } from '@holdfast/protocol/errors.js';
import { RUNS, seededRandom } from './property.ts';

const TOTAL = Number(process.env['FUZZ_CASES'] ?? 0);
const REPORT = process.env['FUZZ_REPORT'];

/** How many cases a target gets: a few, or its share of all of a drill. */
export const casesOf = (few: number, share: number): number =>
  TOTAL === 0 ? few : Math.ceil(TOTAL * share);

/** A number from 0 to below the bound. */
export type Draw = (below: number) => number;

export function drawFrom(seed: number): Draw {
  const random = seededRandom(seed);
  return (below) => {
    const [a = 0, b = 0, c = 0, d = 0] = random(4);
    return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) % below;
  };
}

export function pick<T>(draw: Draw, from: readonly T[]): T {
  const found = from[draw(from.length)];
  if (found === undefined) throw new Error('nothing to draw from');
  return found;
}

/** Values that a function of a draw makes; a failure prints the value and the seed. */
export const drawn = <T>(make: (draw: Draw) => T): fc.Arbitrary<T> =>
  fc.nat({ max: 0x7fff_ffff }).map((seed) => make(drawFrom(seed)));

/** What became of a case: `taken`, or the code of its refusal. */
export type Outcome = string;

export interface Fuzzed {
  /** How the drill's report calls it. */
  readonly target: string;
  readonly cases: number;
  readonly expected: readonly Outcome[];
}

/** Longest that one case may take, milliseconds: a hang is found as well, but other tests share the machine. */
const PATIENCE_MS = 20_000;

/**
 * Runs a property over `cases` values; a failure names value and seed.
 *
 * @returns the outcomes that are not in `expected`.
 */
export async function fuzz<T>(
  { target, cases, expected }: Fuzzed,
  values: fc.Arbitrary<T>,
  run: (value: T) => Promise<Outcome> | Outcome,
): Promise<readonly Outcome[]> {
  const outcomes = new Map<Outcome, number>();
  const property = fc.asyncProperty(values, async (value) => {
    const outcome = await inTime(run(value));
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  });
  await fc.assert(property, { numRuns: cases, seed: RUNS.seed, endOnFailure: true });
  if (REPORT !== undefined) {
    mkdirSync(REPORT, { recursive: true });
    const file = join(REPORT, `${target.replaceAll(/\W+/g, '-')}.json`);
    writeFileSync(file, JSON.stringify({ target, cases, outcomes: Object.fromEntries(outcomes) }));
  }
  return [...outcomes.keys()].filter((outcome) => !expected.includes(outcome));
}

async function inTime(outcome: Promise<Outcome> | Outcome): Promise<Outcome> {
  if (typeof outcome === 'string') return outcome;
  let late: NodeJS.Timeout | undefined;
  const hung = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new Error('no answer: it hangs')), PATIENCE_MS);
  });
  return Promise.race([outcome, hung]).finally(() => clearTimeout(late));
}

/** Runs a decoder. @throws what is no refusal of ours, or blames ourselves. */
export async function outcomeOf(call: () => unknown): Promise<Outcome> {
  try {
    await call();
    return 'taken';
  } catch (error) {
    return codeIn(error);
  }
}

/** The code of a refusal that is one: in the closed list, with a sentence, not our own fault. */
export function codeIn(error: unknown): Outcome {
  const isRefusal =
    error instanceof HoldfastError &&
    error.code in ERRORS &&
    error.code !== 'INTERNAL' &&
    error.detail !== '';
  if (!isRefusal) throw error;
  return error.code;
}
