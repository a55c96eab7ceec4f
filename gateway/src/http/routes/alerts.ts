/**
 * An owner's alerts: a page of JSON, or a stream of server-sent events that resumes by `Last-Event-ID`.
 *
 * @module
 */
import { once } from 'node:events';
import { Router, type Response } from 'express';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Alert } from '@holdfast/protocol/alert-messages.js';
import { sortable } from '../../monitor/alert-ids.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import { callerOf, parameters } from '../requests.ts';

const HEARTBEAT_MS = 15_000;
const PAGE = 100;

const alertPage = z.strictObject({ cursor: z.string().optional() });

export interface AlertsParts {
  readonly monitor: Monitor;
  /** Ends every stream when the gateway stops. */
  readonly signal: AbortSignal;
}

export function alertsRoutes({ monitor, signal }: AlertsParts): Router {
  const router = Router();
  router.get('/alerts', async (request, response) => {
    const { cursor } = parameters(alertPage, request.query);
    const after = request.get('last-event-id') ?? cursor;
    if (after !== undefined && sortable(after) === undefined) {
      throw new HoldfastError('INPUT_INVALID', 'expected the id of an alert', {
        pointer: '/cursor',
      });
    }
    const { ownerId } = callerOf(response);
    if (request.accepts(['json', 'text/event-stream']) === 'text/event-stream') {
      await streamAlerts(monitor, ownerId, after, response, signal);
      return;
    }
    const items = await monitor.alertsOf(ownerId, { ...startingAt(after), limit: PAGE });
    response.json({ items, next: items.length === PAGE ? (items.at(-1)?.id ?? null) : null });
  });
  return router;
}

const startingAt = (after: string | undefined): { after?: string } =>
  after === undefined ? {} : { after };

/** What is stored after the id, then each alert as it comes. */
async function streamAlerts(
  monitor: Monitor,
  ownerId: string,
  after: string | undefined,
  response: Response,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const ended = AbortSignal.any([gone.signal, signal]);
  response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  response.flushHeaders();
  const heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS);
  let wake = (): void => undefined;
  monitor.onChange(() => wake(), ended);
  ended.addEventListener('abort', () => wake(), { once: true });
  let last = after;
  while (!ended.aborted) {
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const items = await monitor.alertsOf(ownerId, { ...startingAt(last), limit: PAGE });
    for (const alert of items) {
      if (!response.write(eventOf(alert)) && !ended.aborted) await drained(response, ended);
    }
    last = items.at(-1)?.id ?? last;
    if (items.length < PAGE) await changed;
  }
  clearInterval(heartbeat);
  response.end();
}

const drained = (response: Response, signal: AbortSignal): Promise<unknown> =>
  once(response, 'drain', { signal }).catch(() => undefined);

const eventOf = (alert: Alert): string =>
  `id: ${alert.id}\nevent: ${alert.event}\ndata: ${JSON.stringify(alert)}\n\n`;
