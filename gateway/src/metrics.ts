/**
 * What a gateway counts for Prometheus; each gateway of a process has its own registry.
 *
 * @module
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, Histogram, Registry } from 'prom-client';
import type { Monitor } from './monitor/monitor.ts';
import type { Provider } from './roles.ts';

/** Bounds of the request histogram, seconds: a look-up to an upload's last step. */
const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const NANOSECONDS = 1e9;

export interface MetricsParts {
  readonly provider: Pick<Provider, 'nodes'>;
  readonly monitor: Pick<Monitor, 'damagedOn'>;
  /** Ends the measuring. */
  readonly signal: AbortSignal;
}

/** A request that has been answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** The pattern of the route, never the path: a path names files. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

export interface Metrics {
  readonly contentType: string;
  answered(request: AnsweredRequest): void;
  /** Everything, in Prometheus' text format. */
  text(): Promise<string>;
}

/** (Agent) Begins to count. */
export function newMetrics({ provider, monitor, signal }: MetricsParts): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const durations = new Histogram({
    name: 'holdfast_http_request_duration_seconds',
    help: 'From the first header to the last byte of the answer',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  signal.addEventListener('abort', () => delay.disable(), { once: true });
  const lag = new Gauge({
    name: 'holdfast_event_loop_lag_seconds',
    help: 'The 99th percentile since the last time it was asked for',
    registers,
  });
  const freeBytes = new Gauge({
    name: 'holdfast_node_free_bytes',
    help: 'Free space of a storage node that answers',
    labelNames: ['node'],
    registers,
  });
  const damaged = new Gauge({
    name: 'holdfast_damaged_blocks',
    help: 'Blocks with known damage on a storage node',
    labelNames: ['node'],
    registers,
  });

  async function look(): Promise<void> {
    lag.set(delay.count === 0 ? 0 : delay.percentile(99) / NANOSECONDS);
    delay.reset();
    freeBytes.reset();
    damaged.reset();
    for (const { node, up, freeBytes: free } of await provider.nodes()) {
      if (up) freeBytes.set({ node }, Number(free));
      damaged.set({ node }, monitor.damagedOn(node));
    }
  }

  return {
    contentType: registry.contentType,
    answered: ({ method, route, status, seconds }) =>
      durations.observe({ method, route, status }, seconds),
    async text() {
      await look();
      return registry.metrics();
    },
  };
}
