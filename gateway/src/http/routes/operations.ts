/**
 * What operators and readers of refusals look up: figures for Prometheus, and what each code means.
 *
 * @module
 */
import { z } from 'zod';
import { ERRORS, HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import type { Metrics } from '../../metrics.ts';
import { reads } from '../json-route.ts';
import { nextOf } from '../problem.ts';
import { route, type Route } from '../route.ts';

const meaning = z.strictObject({
  code: z.string(),
  title: z.string(),
  status: z.int(),
  /** Of the command line. */
  exit: z.int(),
  next: z.string().nullable(),
});

export function operationsRoutes(metrics: Metrics): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/metrics',
        who: 'anybody',
        summary: 'Figures for Prometheus',
        query: z.looseObject({}),
        answers: { 200: { says: 'In its text format', content: { 'text/plain': null } } },
      },
      async ({ response }) => {
        response.set('Content-Type', metrics.contentType).send(await metrics.text());
      },
    ),
    reads(
      {
        path: '/problems/:code',
        who: 'anybody',
        summary: 'What the code of a refusal means',
        params: z.strictObject({ code: z.string() }),
        answer: meaning,
        problems: ['NOT_FOUND'],
      },
      ({ params: { code } }) => {
        if (!isCode(code)) throw new HoldfastError('NOT_FOUND', 'no such code');
        const [status, exit, title] = ERRORS[code];
        return { code, title, status, exit, next: nextOf(code) ?? null };
      },
    ),
  ];
}

const isCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text);
