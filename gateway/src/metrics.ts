/**
 * What a gateway counts for Prometheus; each gateway of a process has its own registry. No label names an owner, a file or
 * an address, and none has more values than there are routes, functions, nodes and roles.
 *
 * @module
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { METHODS } from 'node:http';
import { Gauge, Histogram, type Registry } from 'prom-client';

/** Bounds of the request histogram, seconds: a look-up to an upload's last step. */
const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const NANOSECONDS = 1e9;

/** A value with the labels that its family has. */
export interface Reading {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A figure that is looked at when somebody asks. */
export interface Figure {
  /** Without the prefix. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Empty where it is not known. */
  readonly read: () => readonly Reading[] | Promise<readonly Reading[]>;
}

export interface MetricsParts {
  readonly registry: Registry;
  readonly figures: readonly Figure[];
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
export function newMetrics({ registry, figures, signal }: MetricsParts): Metrics {
  const durations = new Histogram({
    name: 'holdfast_http_request_duration_seconds',
    help: 'From the first header to the last byte of the answer',
    labelNames: ['method', 'route', 'status'],
    buckets: SECONDS,
    registers: [registry],
  });
  for (const figure of [eventLoopLag(signal), ...figures]) show(figure, registry);
  return {
    contentType: registry.contentType,
    answered: ({ method, route, status, seconds }) => {
      const known = METHODS.includes(method) ? method : 'other';
      durations.observe({ method: known, route, status }, seconds);
    },
    text: () => registry.metrics(),
  };
}

function show({ name, help, labels = [], read }: Figure, registry: Registry): void {
  new Gauge({
    name: `holdfast_${name}`,
    help,
    labelNames: [...labels],
    registers: [registry],
    async collect() {
      const readings = await read();
      this.reset();
      // a family without labels would say 0 where nothing is known
      if (labels.length === 0 && readings.length === 0) this.remove();
      for (const { labels: values = {}, value } of readings) this.set({ ...values }, value);
    },
  });
}

function eventLoopLag(signal: AbortSignal): Figure {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  signal.addEventListener('abort', () => delay.disable(), { once: true });
  return {
    name: 'event_loop_lag_seconds',
    help: 'The 99th percentile since the last time it was asked for',
    read() {
      const value = delay.count === 0 ? 0 : delay.percentile(99) / NANOSECONDS;
      delay.reset();
      return [{ value }];
    },
  };
}
