/** How a figure is taken. */
import { randomBytes } from 'node:crypto';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { toInteger } from '@holdfast/protocol/bytes.js';
import { modulo } from '@holdfast/protocol/scalar.js';

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/**
 * Seconds that `work` takes, CPU seconds of all threads of this process meanwhile, and the share of this machine's
 * processors that others took.
 */
export async function timed(work) {
  const [began, before, machine] = [performance.now(), process.cpuUsage(), busySeconds()];
  await work();
  const { user, system } = process.cpuUsage(before);
  const [wall, cpu] = [(performance.now() - began) / 1000, (user + system) / 1e6];
  return { wall, cpu, others: shareOf(busySeconds() - machine - cpu, wall) };
}

/** Seconds that this machine's processors were at work. */
const busySeconds = () =>
  cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) /
  1000;

const shareOf = (seconds, wall) => Math.max(0, seconds / (wall * cpus().length));

/** The share that others take while this process waits. */
export async function othersNow() {
  return (await timed(() => delay(1_000))).others;
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

/**
 * Medians of what {@link timed} says of each of several works, done in turn so that the machine's drift hits all of them.
 *
 * @param warmUp what is done before; once each of them unless given
 */
export async function inTurn(runs, works, warmUp = () => doAll(works)) {
  const taken = works.map(() => []);
  await warmUp();
  for (let run = 0; run < runs; run++) {
    for (const [i, work] of works.entries()) taken[i].push(await timed(work));
  }
  const middle = (times, figure) => median(times.map((time) => time[figure]));
  return taken.map((times) => ({
    wall: middle(times, 'wall'),
    cpu: middle(times, 'cpu'),
    others: middle(times, 'others'),
  }));
}

async function doAll(works) {
  for (const work of works) await work();
}

/** Others who take more than this share of the processors make seconds of the clock mean nothing. */
const QUIET = 0.1;

const others = (share) => `others took ${Math.round(100 * share)} % of the processors`;

/**
 * A figure as the table prints it.
 *
 * @param most what it must not exceed
 * @param aim what it should come to
 * @param beside what else there is, measured in the same run or published
 * @param shared the share of the processors that others took, where it is measured by the clock
 */
export function row(what, measured, unit, { most, aim, beside, shared = 0 } = {}) {
  const holds = most === undefined ? undefined : measured <= most;
  const note = shared > QUIET ? `${others(shared)}: the clock measures them too` : undefined;
  return { what, measured: rounded(measured), unit, most, aim, beside, holds, note };
}

/**
 * A figure of the clock for work that fills `threads` processors: beside others it holds where its CPU time, spread over
 * them, does.
 */
export function clockRow(what, { wall, cpu, others: share }, threads, { most, ...more }) {
  const timely = row(what, wall, 's', { most, ...more });
  if (share <= QUIET) return timely;
  const alone = cpu / Math.min(threads, availableParallelism());
  return {
    ...timely,
    holds: alone <= most,
    note: `${others(share)}: decided by CPU, ${rounded(alone)} s where nobody else works`,
  };
}

export const rounded = (value) => Number(value.toPrecision(3));
