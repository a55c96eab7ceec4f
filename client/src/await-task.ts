/**
 * Requests that take long: the gateway answers 202 with the address of a task, and the answer is there once it has ended.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { parseJson } from '@holdfast/protocol/schema.js';
import { task } from '@holdfast/protocol/task-messages.js';
import { boundedText } from './bounded-answer.ts';

const ADDRESS = /^\/v1\/tasks\/[A-Za-z0-9._-]{1,64}$/;
const PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 30_000;
/** Of a task with the answer in it. */
const TASK_BYTES = 16 * 2 ** 20;

/** The gateway knows the task no more. */
export class TaskGone extends HoldfastError {}

/**
 * (Owner) Asks until the task has ended, where an answer names one.
 *
 * @param ask - GET of a path.
 * @returns the answer that the request would have got; the problem where it was refused.
 * @throws {@link TaskGone}.
 */
export async function endOf(
  first: Response,
  ask: (path: string) => Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const path = first.headers.get('location') ?? '';
  if (first.status !== 202 || !ADDRESS.test(path)) return first;
  for (let last = first; ;) {
    await delay(pauseAfter(last), undefined, signal === undefined ? {} : { signal });
    last = await ask(path).catch(whereGone);
    const ended = outcomeIn(await boundedText(last, TASK_BYTES));
    if (ended !== undefined) return ended;
  }
}

function whereGone(cause: unknown): never {
  if (!(cause instanceof HoldfastError && cause.code === 'NOT_FOUND')) throw cause;
  throw new TaskGone('GATEWAY_UNREACHABLE', 'the gateway knows the task no more', { cause });
}

/** undefined while it runs. @throws `ANSWER_FALSE` where it is no task, or ends in no answer that there can be. */
function outcomeIn(text: string): Response | undefined {
  try {
    const told = parseJson(task, text, 'a task');
    switch (told.state) {
      case 'running':
        return undefined;
      case 'refused':
        return new Response(JSON.stringify(told.problem), { status: told.problem.status });
      case 'done': {
        const { status, headers, answer } = told;
        const body = answer === null ? null : JSON.stringify(answer);
        return new Response(body, { status, headers });
      }
    }
  } catch (cause) {
    throw new HoldfastError('ANSWER_FALSE', 'a task that is none', { cause });
  }
}

function pauseAfter(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(seconds * 1000, LONGEST_PAUSE_MS) : PAUSE_MS;
}
