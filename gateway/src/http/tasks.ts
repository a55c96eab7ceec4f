/**
 * Requests that take long: who has waited for some seconds is told where the outcome will stand, and the work goes on.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Task } from '@holdfast/protocol/task-messages.js';
import type { Answer } from './idempotency.ts';
import type { Logger } from '../log.ts';
import { problemOf } from './problem.ts';
import type { Table } from '../store.ts';

/** How long anybody waits for an answer once the request has come whole, milliseconds. */
export const ANSWER_WITHIN_MS = 10_000;
/** Seconds until it is worth asking again. */
const AGAIN = '2';
const KEPT_MS = 86_400_000;

/** A task that has ended, and whose it is. */
export interface KeptTask {
  readonly ownerId: string;
  readonly task: Task;
  readonly at: number;
}

export interface TaskParts {
  readonly kept: Table<KeptTask>;
  readonly withinMs: number;
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** What is asked, by whom. */
export interface Asking {
  readonly ownerId: string;
  /** The Idempotency-Key: the same request again is the same task. */
  readonly key: string | undefined;
  /** Resolves when the request has come whole. */
  readonly came: Promise<unknown>;
}

export interface Tasks {
  /** The answer where it is there in time, else 202 with the address of a task. */
  within(asking: Asking, work: Promise<Answer>): Promise<Answer>;
  /** @throws `NOT_FOUND` also for a task that ended with the process: its request can be sent again. */
  find(ownerId: string, taskId: string): Promise<Task>;
  /** Forgets what is older than a day. */
  forget(): Promise<void>;
  /** Resolves when none is running. */
  settled(): Promise<void>;
}

interface Running {
  readonly ownerId: string;
  readonly task: Task;
  readonly ended: Promise<void>;
}

/** (Agent) */
export function newTasks({ kept, withinMs, nowMs, log }: TaskParts): Tasks {
  const running = new Map<string, Running>();

  function begin({ ownerId, key }: Asking, work: Promise<Answer>): Task {
    const taskId = taskIdOf(ownerId, key);
    const before = running.get(taskId);
    if (before !== undefined) return before.task;
    const about = { taskId, begunAt: new Date(nowMs()).toISOString() };
    const ended = work
      .then(
        ({ status, headers, body }): Task => ({
          ...about,
          state: 'done',
          status,
          headers: { ...headers },
          answer: body,
        }),
        (error: unknown): Task => {
          const problem = problemOf(error, `/v1/tasks/${taskId}`);
          if (problem.code === 'INTERNAL') log.error({ event: 'TaskFailed', taskId, err: error });
          return { ...about, state: 'refused', problem };
        },
      )
      .then((task) => kept.put(taskId, { ownerId, task, at: nowMs() }))
      .catch((error: unknown) => log.error({ event: 'TaskFailed', taskId, err: error }))
      .finally(() => running.delete(taskId));
    const task: Task = { ...about, state: 'running' };
    running.set(taskId, { ownerId, task, ended });
    return task;
  }

  return {
    async within(asking, work) {
      const timer = new AbortController();
      const { signal } = timer;
      const late = asking.came.then(() => delay(withinMs, undefined, { signal, ref: false }));
      const waited = late.then(
        () => undefined,
        () => new Promise<never>(() => undefined),
      );
      const first = await Promise.race([work, waited]).finally(() => timer.abort());
      if (first !== undefined) return first;
      const task = begin(asking, work);
      const headers = { Location: `/v1/tasks/${task.taskId}`, 'Retry-After': AGAIN };
      return { status: 202, headers, body: task };
    },

    async find(ownerId, taskId) {
      const found = running.get(taskId) ?? (await kept.get(taskId));
      if (found?.ownerId === ownerId) return found.task;
      throw new HoldfastError('NOT_FOUND', `no task ${taskId}: send its request again`);
    },

    async forget() {
      for await (const [taskId, { at }] of kept.entries()) {
        if (at + KEPT_MS <= nowMs()) await kept.delete(taskId);
      }
    },

    async settled() {
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}

const taskIdOf = (ownerId: string, key: string | undefined): string =>
  key === undefined
    ? randomBytes(16).toString('hex')
    : createHash('sha256').update(`task\n${ownerId}\n${key}`).digest('hex').slice(0, 32);
