/**
 * What the gateway answers where a request takes long: 202 with the address of a task, which tells how it ends.
 *
 * @module
 */
import { z } from 'zod';
import { problem } from './network-messages.ts';
import * as s from './schema.ts';

const aboutTask = { taskId: s.name, begunAt: s.instant };

/** GET /v1/tasks/{id}, and the answer 202 that names it. */
export const task = z.discriminatedUnion('state', [
  z.strictObject({ ...aboutTask, state: z.literal('running') }),
  z.strictObject({
    ...aboutTask,
    state: z.literal('done'),
    /** Of the answer that the request would have got. */
    status: z.int(),
    headers: z.record(z.string(), z.string()),
    /** Its JSON; null where it has none. */
    answer: z.unknown(),
  }),
  z.strictObject({ ...aboutTask, state: z.literal('refused'), problem }),
]);
export type Task = z.infer<typeof task>;
