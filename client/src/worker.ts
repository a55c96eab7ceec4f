/**
 * A thread that does jobs, one after the other.
 *
 * @module
 */
import { ready } from '@holdfast/protocol/curve.js';
import { perform } from '@holdfast/protocol/jobs.js';
import { movable, type Order } from '@holdfast/protocol/threads.js';
import { move, transferableSymbol, valueSymbol } from 'piscina';

await ready();

/** What the pool calls; whole buffers of the outcome move to the thread that asked. */
export async function run(order: Order): Promise<unknown> {
  const outcome = await perform(order);
  return move({ [transferableSymbol]: movable(outcome), [valueSymbol]: outcome });
}
