/**
 * One line a request, when it has been answered, and the same to the metrics.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Fields, Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Signer } from './signatory.ts';

export interface RequestLogParts {
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'answered'>;
  readonly monotonicMs: () => number;
}

/** (Agent) First of all handlers. */
export function logRequests({ log, metrics, monotonicMs }: RequestLogParts): RequestHandler {
  return (request, response, next) => {
    const began = monotonicMs();
    response.locals['traceId'] = randomBytes(16).toString('hex');
    response.once('close', () => {
      const durationMs = monotonicMs() - began;
      const status = response.statusCode;
      const route = patternOf(request);
      metrics.answered({ method: request.method, route, status, seconds: durationMs / 1000 });
      log.info({
        event: 'RequestAnswered',
        ...traced(request, response),
        status,
        durationMs: Math.round(durationMs),
        ...(response.writableFinished ? {} : { cutOff: true }),
      });
    });
    next();
  };
}

/** What a line about a request says of it; what it must not say is for the log to leave out. */
export function traced(request: Request, response: Response): Fields {
  const { method, originalUrl: url, headers } = request;
  const { traceId, caller, gateway, code } = response.locals as Partial<Record<string, unknown>>;
  return {
    traceId,
    request: { method, url, headers },
    route: patternOf(request),
    ...(caller === undefined ? {} : { ownerId: (caller as Signer).ownerId }),
    // `Alder/agent`, at the inner door
    ...(gateway === undefined ? {} : { gateway }),
    ...(code === undefined ? {} : { code }),
  };
}

/** The pattern of the route that answered, never the path, which may name a file; what was refused before has none. */
function patternOf(request: Request): string {
  const route: unknown = request.route;
  const isRoute = typeof route === 'object' && route !== null && 'path' in route;
  return isRoute ? String(route.path) : 'none';
}
