/**
 * An owner's alerts: a page of JSON, or a stream of server-sent events that resumes by `Last-Event-ID`.
 *
 * @module
 */
import type { Request } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { alertList } from '@holdfast/protocol/alert-messages.js';
import { sortable } from '../../monitor/alert-ids.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import { alertEvents } from '../alert-events.ts';
import type { EventStreams } from '../event-stream.ts';
import { expectAccepted } from '../json-route.ts';
import { PAGE, pageFrom, pageOf } from '../pages.ts';
import { callerOf } from '../requests.ts';
import { route, type Route } from '../route.ts';

const JSON_TYPE = 'application/json';
const STREAM_TYPE = 'text/event-stream';

export interface AlertsParts {
  readonly monitor: Monitor;
  readonly streams: EventStreams;
}

export const alertsRoutes = ({ monitor, streams }: AlertsParts): Route[] => [
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
        await streams.send(response, ownerId, (signal) =>
          alertEvents(monitor, ownerId, after, signal),
        );
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
