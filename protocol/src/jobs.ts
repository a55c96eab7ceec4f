/**
 * Every job, for the threads that do them.
 *
 * @module
 */
import { blockAddition } from './block-sums.ts';
import { HoldfastError, type ErrorCode } from './errors.ts';
import { leafDigesting } from './extents.ts';
import { contentProduct, tagAddition } from './intake.ts';
import type { Job, Pool } from './pool.ts';
import { equation5Check } from './proof.ts';
import { combination, proofMaking } from './prover.ts';
import { blockCutting, extentSealing } from './seal-extent.ts';
import { tableCheck, tableDecoding } from './tag-key.ts';
import { tagFinishing } from './tag.ts';

const JOBS = [
  blockAddition,
  blockCutting,
  combination,
  contentProduct,
  equation5Check,
  extentSealing,
  leafDigesting,
  proofMaking,
  tableCheck,
  tableDecoding,
  tagAddition,
  tagFinishing,
] as const satisfies readonly Job<never, unknown>[];

/** What goes to a thread. */
export interface Order {
  readonly job: string;
  readonly input: unknown;
}

/** What comes back: errors lose their class on the way between threads, so a refusal goes as plain values. */
export type Outcome =
  | { readonly value: unknown }
  | { readonly code: ErrorCode; readonly detail: string; readonly pointer: string | undefined };

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

/**
 * A pool over threads that {@link perform}.
 *
 * @param ask - has one of them do it; buffers of `moved` change hands.
 */
export const poolOver = (
  width: number,
  ask: (order: Order, moved: ArrayBuffer[]) => Promise<Outcome>,
): Pool => ({
  width,
  run: async (job, input, given = []) =>
    valueOf(await ask({ job: job.name, input }, movable(given))) as never,
});

/** The value, in the thread that asked. @throws the refusal. */
function valueOf(outcome: Outcome): unknown {
  if ('value' in outcome) return outcome.value;
  const { code, detail, pointer } = outcome;
  throw new HoldfastError(code, detail, pointer === undefined ? {} : { pointer });
}

/** The buffers under some arrays that are nothing but these arrays, so that they may move between threads. */
export function movable(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const look = (item: unknown): void => {
    if (item instanceof Uint8Array) {
      const { buffer } = item;
      if (buffer instanceof ArrayBuffer && buffer.byteLength === item.length) found.add(buffer);
    } else if (typeof item === 'object' && item !== null) Object.values(item).forEach(look);
  };
  look(value);
  return [...found];
}
