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

export const row = (what, measured, unit, most, asked) => ({
  what,
  measured: Number(measured.toPrecision(3)),
  unit,
  ...(asked === undefined ? {} : { asked }),
  ...(most === undefined ? {} : { holds: measured <= most }),
});
