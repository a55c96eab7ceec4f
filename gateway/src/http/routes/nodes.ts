/**
 * Storage nodes as they are now: open, for they hold nothing that names an owner.
 *
 * @module
 */
import { Router } from 'express';
import type { Monitor } from '../../monitor/monitor.ts';
import { answersJson } from '../requests.ts';
import type { Provider } from '../../roles.ts';

export interface NodesParts {
  readonly provider: Provider;
  readonly monitor: Monitor;
}

export function nodesRoutes({ provider, monitor }: NodesParts): Router {
  const router = Router();
  router.get(
    '/nodes',
    answersJson(async () => {
      const nodes = await provider.nodes();
      return {
        items: nodes.map(({ node, up, freeBytes, files }) => ({
          node,
          organisation: provider.providerId,
          state: up ? 'up' : 'down',
          freeBytes: String(freeBytes),
          files,
          damagedBlocks: monitor.damagedOn(node),
        })),
      };
    }),
  );
  return router;
}
