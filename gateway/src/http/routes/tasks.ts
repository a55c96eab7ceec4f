/**
 * Requests that took long, and how they ended.
 *
 * @module
 */
import { z } from 'zod';
import { name } from '@holdfast/protocol/schema.js';
import { task } from '@holdfast/protocol/task-messages.js';
import { reads } from '../json-route.ts';
import { callerOf, type RequestParts } from '../requests.ts';
import type { Route } from '../route.ts';

export const tasksRoutes = ({ tasks }: Pick<RequestParts, 'tasks'>): Route[] => [
  reads(
    {
      path: '/v1/tasks/:taskId',
      who: 'owner',
      summary:
        'How a request goes on that was answered 202, and its answer once it is there; kept a day',
      params: z.strictObject({ taskId: name }),
      answer: task,
      problems: ['NOT_FOUND'],
    },
    ({ params, response }) => tasks.find(callerOf(response).ownerId, params.taskId),
  ),
];
