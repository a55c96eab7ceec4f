/**
 * Every job, for the threads that do them.
 *
 * @module
 */
import { blockAddition, blockTotal } from './block-sums.ts';
import { HoldfastError } from './errors.ts';
import { leafDigesting } from './extents.ts';
import { tagAddition } from './intake.ts';
import { rowProduct } from './point-row.ts';
import type { Job } from './pool.ts';
import { equation5Check } from './proof.ts';
import { blockCombination, division, tagCombination } from './prover.ts';
import { blockCutting, extentSealing } from './seal-extent.ts';
import { tableCheck, tableDecoding, tableMaking } from './tag-key.ts';
import { tagFinishing } from './tag.ts';
import type { Order, Outcome } from './threads.ts';

const JOBS = [
  blockAddition,
  blockCombination,
  blockCutting,
  blockTotal,
  division,
  equation5Check,
  extentSealing,
  leafDigesting,
  rowProduct,
  tableCheck,
  tableDecoding,
  tableMaking,
  tagAddition,
  tagCombination,
  tagFinishing,
] as const satisfies readonly Job<never, unknown>[];

/** Does a job that came from another thread. @throws what is no refusal. */
export async function perform({ job, input }: Order): Promise<Outcome> {
  const found: Job<never, unknown> | undefined = JOBS.find(({ name }) => name === job);
  if (found === undefined) throw new Error(`bug: no job ${job}`);
  try {
    return { value: await found.work(input as never) };
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    const { code, detail, pointer } = error;
    return { code, detail, pointer };
  }
}
