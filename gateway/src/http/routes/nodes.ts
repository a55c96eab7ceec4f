/**
 * Storage nodes as they are now: open, for they hold nothing that names an owner.
 *
 * @module
 */
import { nodeList } from '@holdfast/protocol/network-messages.js';
import type { Monitor } from '../../monitor/monitor.ts';
import { reads } from '../json-route.ts';
import { PAGE, pageFrom, pageOf } from '../pages.ts';
import type { Provider } from '../../roles.ts';
import type { Route } from '../route.ts';

export interface NodesParts {
  readonly provider: Provider;
  readonly monitor: Monitor;
}

export const nodesRoutes = ({ provider, monitor }: NodesParts): Route[] => [
  reads(
    {
      path: '/v1/nodes',
      who: 'anybody',
      summary: 'Storage nodes as they are now, by name',
      query: pageOf(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
      answer: nodeList,
    },
    async ({ query: { limit = PAGE, cursor = '' } }) => {
      const nodes = (await provider.nodes())
        .toSorted((a, b) => (a.node < b.node ? -1 : 1))
        .filter(({ node }) => node > cursor);
      const page = pageFrom(nodes, limit, ({ node }) => node);
      const items = page.items.map(({ node, up, freeBytes, files }) => ({
        node,
        organisation: provider.providerId,
        state: up ? ('up' as const) : ('down' as const),
        freeBytes: String(freeBytes),
        files,
        damagedBlocks: monitor.damagedOn(node),
      }));
      return { items, next: page.next };
    },
  ),
];
