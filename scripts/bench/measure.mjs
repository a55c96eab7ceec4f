/** How a figure is taken. */
import { randomBytes } from 'node:crypto';
import { toInteger } from '@holdfast/protocol/bytes.js';
import { modulo } from '@holdfast/protocol/scalar.js';

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Seconds that `work` takes, and CPU seconds of all threads of this process meanwhile. */
export async function timed(work) {
  const [began, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
}

/** CPU seconds of this process that `work` takes: median of `runs`, after one run that warms up. */
export async function cpuSeconds(runs, work) {
  await work();
  const taken = [];
  for (let run = 0; run < runs; run++) taken.push((await timed(work)).cpu);
  return median(taken);
}

/** A random scalar. */
export const secret = () => modulo(toInteger(randomBytes(48)));

/** Medians of wall and CPU seconds of each of several works, done in turn so that the machine's drift hits all of them. */
export async function inTurn(runs, works) {
  const taken = works.map(() => []);
  for (const work of works) await work();
  for (let run = 0; run < runs; run++) {
    for (const [i, work] of works.entries()) taken[i].push(await timed(work));
  }
  return taken.map((times) => ({
    wall: median(times.map(({ wall }) => wall)),
    cpu: median(times.map(({ cpu }) => cpu)),
  }));
}

/**
 * A figure as the table prints it.
 *
 * @param most what it must not exceed
 * @param aim what it should come to
 * @param beside what else there is, measured in the same run or published
 */
export const row = (what, measured, unit, { most, aim, beside } = {}) => ({
  what,
  measured: rounded(measured),
  unit,
  most,
  aim,
  beside,
  holds: most === undefined ? undefined : measured <= most,
});

export const rounded = (value) => Number(value.toPrecision(3));
