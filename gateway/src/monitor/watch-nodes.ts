/**
 * Storage nodes that stop answering, and those that answer again: alerts for whoever keeps files there.
 *
 * @module
 */
import type { Provider } from '../roles.ts';
import type { Monitor } from './monitor.ts';

/** (Agent) @returns one look at all nodes; the first is silent about nodes that are up. */
export function watchNodes(
  provider: Pick<Provider, 'nodes'>,
  monitor: Pick<Monitor, 'alert'>,
): () => Promise<void> {
  const wasUp = new Map<string, boolean>();
  return async () => {
    for (const { node, up } of await provider.nodes()) {
      const before = wasUp.get(node) ?? true;
      wasUp.set(node, up);
      if (up !== before) await monitor.alert({ node }, { event: up ? 'NodeUp' : 'NodeDown', node });
    }
  };
}
