/**
 * What operators and readers of refusals look up: figures for Prometheus, and what each code means.
 *
 * @module
 */
import { Router } from 'express';
import { ERRORS, HoldfastError, type ErrorCode } from '@holdfast/protocol/errors.js';
import type { Metrics } from '../../metrics.ts';
import { nextOf } from '../problem.ts';

export function operationsRoutes(metrics: Metrics): Router {
  const router = Router();
  router.get('/metrics', async (_request, response) => {
    response.set('Content-Type', metrics.contentType).send(await metrics.text());
  });
  router.get('/problems/:code', (request, response) => {
    const { code } = request.params;
    if (!isCode(code)) throw new HoldfastError('NOT_FOUND', 'no such code');
    const [status, exit, title] = ERRORS[code];
    response.json({ code, title, status, exit, next: nextOf(code) ?? null });
  });
  return router;
}

const isCode = (text: string): text is ErrorCode => Object.hasOwn(ERRORS, text);
