/**
 * The Express application, built from its parts.
 *
 * @module
 */
import express, { type Express, type RequestHandler } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Network } from '@holdfast/protocol/network-messages.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import type { Enrol } from '../enrolment/enrolment.ts';
import type { Revocations } from '../identity/revocations.ts';
import type { Ledger, LedgerSession } from '../ledger/ledger.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Custody } from '../managed/custody.ts';
import type { ManagedFiles } from '../managed/managed-files.ts';
import type { Monitor } from '../monitor/monitor.ts';
import { authenticated } from './basic-auth.ts';
import { newEventStreams, type EventStreams } from './event-stream.ts';
import type { Once } from './idempotency.ts';
import { mount } from './mount.ts';
import { answerProblems, HttpRefusal } from './problem.ts';
import { logRequests } from './request-log.ts';
import { newRequestLimits, type RequestLimits } from './request-limits.ts';
import type { RequestParts } from './requests.ts';
import { newRetryAfter } from './retry-after.ts';
import type { KeyServer, Provider } from '../roles.ts';
import type { Route } from './route.ts';
import { alertsRoutes } from './routes/alerts.ts';
import { challengesRoutes } from './routes/challenges.ts';
import { filePartsRoutes } from './routes/file-parts.ts';
import { filesRoutes } from './routes/files.ts';
import { healthRoutes, type Check } from './routes/health.ts';
import { keysRoutes } from './routes/keys.ts';
import { ledgerEventsRoutes } from './routes/ledger-events.ts';
import { relayRoutes } from './routes/ledger.ts';
import { lookUpRoutes } from './routes/ledger-lookup.ts';
import { managedRoutes } from './routes/managed.ts';
import { networkRoutes } from './routes/network.ts';
import { operationsRoutes } from './routes/operations.ts';
import { nodesRoutes } from './routes/nodes.ts';
import { withReference } from './routes/reference.ts';
import { tasksRoutes } from './routes/tasks.ts';
import { uploadsRoutes } from './routes/uploads.ts';
import type { TableCopies } from '../auditor/table-copies.ts';

/** Characters of a path with its query: RFC 9110 section 4.1 asks for 8,000 at least. */
const LONGEST_ADDRESS = 8_192;

/** What every gateway shows to whoever looks. */
export interface OpenParts {
  readonly log: Logger;
  readonly config: Config;
  readonly ledger: Ledger;
  readonly monitor: Monitor;
  readonly metrics: Metrics;
  readonly limits: Limits;
  readonly checks: Readonly<Record<string, Check>>;
  /** Ends streams that have no end of their own. */
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

/** What an agent does for its owners. */
export interface AgentParts extends RequestParts {
  readonly onceInMemory: Once;
  readonly network: Network;
  readonly enrol: Enrol;
  readonly custody: Custody;
  readonly revocations: Pick<Revocations, 'expectUnrevoked'>;
  readonly files: ManagedFiles;
  /** Where bodies of unknown length are measured. */
  readonly measuringFolder: string;
  /** The agent's own identity on the ledger. */
  readonly agent: LedgerSession;
  readonly keyServers: ReadonlyMap<string, KeyServer>;
  readonly provider: Provider;
  readonly tables: TableCopies;
  /** Where long computations run. */
  readonly pool: Pool;
}

export type AppParts = OpenParts & AgentParts;

/** Routes by who may ask: anybody, then those whose signature or password holds. */
export function newApp(parts: AppParts): Express {
  const routes = (streams: EventStreams) => routesOf({ ...parts, streams });
  return newApplication(parts, routes, (limits) => [
    limits.guarding(authenticated(parts)),
    limits.owner,
  ]);
}

/** Of a gateway without an agent: for whoever looks. */
export const newOpenApp = (parts: OpenParts): Express =>
  newApplication(
    parts,
    (streams) => openRoutes({ ...parts, streams }),
    () => [],
  );

function newApplication(
  parts: OpenParts,
  routes: (streams: EventStreams) => Route[],
  owners: (limits: RequestLimits) => RequestHandler[],
): Express {
  const app = express();
  app.disable('x-powered-by').set('etag', false);
  app.use(logRequests(parts));
  app.use(expectShortAddress);
  app.use('/v1', describeAnswers);
  const limits = newRequestLimits(parts.limits, parts.monotonicMs);
  mount(app, withReference(routes(newEventStreams(parts))), {
    open: guardsOf(limits),
    owner: owners(limits),
  });
  app.use((request) => {
    throw new HoldfastError('NOT_FOUND', `nothing at ${request.method} ${request.path}`);
  });
  app.use(answerProblems(parts.log, newRetryAfter(parts)));
  return app;
}

const openRoutes = (parts: OpenParts & { readonly streams: EventStreams }): Route[] => [
  ...healthRoutes(parts.checks),
  ...operationsRoutes(parts.metrics),
  ...lookUpRoutes(parts),
  ...ledgerEventsRoutes(parts),
];

/** All that can be asked. */
function routesOf(parts: AppParts & { readonly streams: EventStreams }): Route[] {
  const { channel, chaincode } = parts.network;
  return [
    ...openRoutes(parts),
    ...networkRoutes(parts),
    ...nodesRoutes(parts),
    ...managedRoutes(parts),
    ...keysRoutes(parts),
    ...uploadsRoutes(parts),
    ...relayRoutes({ ...parts, channel, chaincode }),
    ...filesRoutes(parts),
    ...challengesRoutes(parts),
    ...filePartsRoutes(parts),
    ...alertsRoutes(parts),
    ...tasksRoutes(parts),
  ];
}

/** What counts requests that need no owner; whether we live may be asked as often as one likes. */
const guardsOf =
  (limits: RequestLimits) =>
  ({ method, path }: Route): RequestHandler[] => {
    if (path === '/healthz') return [];
    return method === 'post' && path === '/v1/accounts'
      ? [limits.open, limits.newAccount]
      : [limits.open];
  };

const expectShortAddress: RequestHandler = (request, _response, next) => {
  if (request.url.length <= LONGEST_ADDRESS) return next();
  throw new HttpRefusal('INPUT_INVALID', `expected at most ${LONGEST_ADDRESS} characters`, {
    status: 414,
    pointer: '/path',
  });
};

const describeAnswers: RequestHandler = (_request, response, next) => {
  // the agent sees no plaintext, unless a password says otherwise: custody is the owner's
  response.set({
    'Holdfast-Custody': 'owner',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  next();
};
