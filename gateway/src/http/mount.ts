/**
 * Declared routes, mounted: whatever else is asked at their paths is refused with what can be asked (RFC 9110 section
 * 15.5.6).
 *
 * @module
 */
import type { Express, RequestHandler } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { managedOf } from './basic-auth.ts';
import { HttpRefusal } from './problem.ts';
import type { Asker, Route } from './route.ts';

/** What a request goes through before its route. */
export interface Guards {
  readonly open: (route: Route) => RequestHandler[];
  /** Lets owners pass, and says who it is. */
  readonly owner: RequestHandler[];
}

/** Routes for anybody, then those for owners; where keys are here, the managed one comes first. */
export function mount(app: Express, routes: readonly Route[], guards: Guards): void {
  const of = (asker: Asker) => routes.filter(({ who }) => who === asker);
  const open = of('anybody');
  const described = new Set(
    open.filter(({ method }) => method === 'options').map(({ path }) => path),
  );
  for (const [path, methods] of methodsByPath(routes)) {
    app.all(path, onlyThese(methods, described.has(path)));
  }
  for (const route of open) app[route.method](route.path, guards.open(route), route.handle);
  for (const guard of guards.owner) app.use('/v1', guard);
  for (const { method, path, handle } of of('managed')) app[method](path, whereManaged, handle);
  for (const { method, path, handle } of of('owner')) app[method](path, handle);
  for (const { method, path } of of('managed')) app[method](path, refuseSealed);
}

/** As they stand in `Allow`. */
export function methodsByPath(routes: readonly Route[]): Map<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const { method, path } of routes) {
    const methods = found.get(path) ?? new Set(['OPTIONS']);
    methods.add(method.toUpperCase());
    // whatever can be had can be asked about
    if (method === 'get') methods.add('HEAD');
    found.set(path, methods);
  }
  return new Map([...found].map(([path, methods]) => [path, [...methods].toSorted()]));
}

/** @param isDescribed - whether a route of its own answers OPTIONS. */
function onlyThese(methods: readonly string[], isDescribed: boolean): RequestHandler {
  const allow = { Allow: methods.join(', ') };
  return (request, response, next) => {
    const { method } = request;
    if (method === 'OPTIONS') {
      response.set(allow);
      if (!isDescribed) {
        response.status(204).end();
        return;
      }
    }
    if (!methods.includes(method)) {
      throw new HttpRefusal('INPUT_INVALID', `expected ${allow.Allow}, got ${method}`, {
        status: 405,
        headers: allow,
        pointer: '/method',
      });
    }
    next();
  };
}

const whereManaged: RequestHandler = (_request, response, next) => {
  if (managedOf(response) === undefined) next('route');
  else next();
};

const refuseSealed: RequestHandler = (request) => {
  throw new HoldfastError(
    'NOT_ALLOWED',
    `${request.method} here is for owners whose keys the agent keeps; yours are your own`,
  );
};
