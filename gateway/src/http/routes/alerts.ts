/**
 * An owner's alerts: a page of JSON, or a stream of server-sent events that resumes by `Last-Event-ID`.
 *
 * @module
 */
import { once } from 'node:events';
import type { Request, Response } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { alertList, type Alert } from '@holdfast/protocol/alert-messages.js';
import { sortable } from '../../monitor/alert-ids.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import { expectAccepted } from '../json-route.ts';
import { PAGE, pageFrom, pageOf } from '../pages.ts';
import { callerOf } from '../requests.ts';
import { route, type Route } from '../route.ts';

const HEARTBEAT_MS = 15_000;
const JSON_TYPE = 'application/json';
const STREAM_TYPE = 'text/event-stream';

export interface AlertsParts {
  readonly monitor: Monitor;
  /** Ends every stream when the gateway stops. */
  readonly signal: AbortSignal;
}

export const alertsRoutes = ({ monitor, signal }: AlertsParts): Route[] => [
  route(
    {
      method: 'get',
      path: '/v1/alerts',
      who: 'owner',
      summary:
        'What happened to the files of the one who asks, oldest first: a page, or a stream that does not end',
      query: pageOf(/^[0-9.]+$/),
      headers: { 'Last-Event-ID': 'the last alert that was seen; instead of a cursor' },
      answers: {
        200: {
          says: 'A page, or a stream where the client prefers that',
          content: { [JSON_TYPE]: alertList, [STREAM_TYPE]: null },
        },
      },
      problems: [[406, 'INPUT_INVALID']],
    },
    async ({ query: { limit = PAGE, cursor }, request, response }) => {
      const after = startOf(request, cursor);
      const { ownerId } = callerOf(response);
      if (request.accepts([JSON_TYPE, STREAM_TYPE]) === STREAM_TYPE) {
        await streamAlerts(monitor, ownerId, after, response, signal);
        return;
      }
      expectAccepted(request, JSON_TYPE);
      const found = await monitor.alertsOf(ownerId, { ...startingAt(after), limit: limit + 1 });
      response.json(pageFrom(found, limit, ({ id }) => id));
    },
  ),
];

/** @returns the alert after which one wants to go on; undefined: from the first. */
function startOf(request: Request, cursor: string | undefined): string | undefined {
  const seen = request.get('last-event-id');
  const after = seen ?? cursor;
  if (after === undefined || sortable(after) !== undefined) return after;
  throw new HoldfastError('INPUT_INVALID', 'expected the id of an alert', {
    pointer: seen === undefined ? '/cursor' : '/Last-Event-ID',
  });
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
