/**
 * What happens on the ledger, as it happens: a stream of server-sent events for anybody, resumed by `Last-Event-ID`.
 *
 * @module
 */
import type { Ledger } from '../../ledger/ledger.ts';
import type { Monitor } from '../../monitor/monitor.ts';
import { addressKey } from '../addresses.ts';
import type { EventStreams } from '../event-stream.ts';
import { ledgerEventsAfter, parseLedgerEventId } from '../ledger-event-ids.ts';
import { route, type Route } from '../route.ts';

export interface LedgerEventsParts {
  readonly ledger: Pick<Ledger, 'events'>;
  readonly monitor: Pick<Monitor, 'standing'>;
  readonly streams: EventStreams;
}

export const ledgerEventsRoutes = ({ ledger, monitor, streams }: LedgerEventsParts): Route[] => [
  route(
    {
      method: 'get',
      path: '/v1/ledger/events',
      who: 'anybody',
      summary:
        'What happens on the ledger from now on, or from after an event: a stream that does not end',
      headers: { 'Last-Event-ID': 'the last event that was seen: `ledgerBlock.position`' },
      answers: {
        200: {
          says: 'One event a transaction, in the order of the ledger',
          content: { 'text/event-stream': null },
        },
      },
      problems: ['LEDGER_UNREACHABLE'],
    },
    async ({ request, response }) => {
      const id = request.get('last-event-id');
      const after = id === undefined ? monitor.standing() : parseLedgerEventId(id);
      const reader = `address ${addressKey(request.socket.remoteAddress)}`;
      await streams.send(response, reader, (signal) => ledgerEventsAfter(ledger, after, signal));
    },
  ),
];
