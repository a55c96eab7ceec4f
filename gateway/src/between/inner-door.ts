/**
 * The inner door: where a gateway answers those of other organisations, for each of its roles under that role's certificate.
 *
 * Whoever calls shows a certificate of its own (mutual TLS 1.3); it is looked at again with each request, so that one that is
 * revoked or has ended closes a kept connection too.
 *
 * @module
 */
import { createSecureContext, type SecureContext, type TLSSocket, type TlsOptions } from 'node:tls';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { Role } from '@holdfast/protocol/schema.js';
import { answerProblems } from '../http/problem.ts';
import { logRequests, type RequestLogParts } from '../http/request-log.ts';
import type { RetryAfter } from '../http/retry-after.ts';
import type { LiveConnection } from '../identity/live-connection.ts';
import type { RoleIdentity } from '../ledger/ledger.ts';
import type { Identify } from './caller-identity.ts';
import { serverNameOf, titleOf } from './names.ts';

/** How often a caller hears that its answer is being made, milliseconds. */
const ALIVE_MS = 10_000;

/** A call that this gateway takes. */
export interface InnerRoute {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** As Express has it. */
  readonly path: string;
  /** Roles of callers that may. */
  readonly callers: readonly Role[];
  readonly handle: (request: Request, response: Response, caller: RoleIdentity) => Promise<void>;
}

export interface InnerDoorParts extends RequestLogParts {
  readonly config: Pick<Config, 'organisations'>;
  readonly identify: Identify;
  readonly routes: readonly InnerRoute[];
  readonly retryAfter: RetryAfter;
  /** {@link ALIVE_MS} unless given. */
  readonly aliveMs?: number;
}

export function newInnerApp(parts: InnerDoorParts): Express {
  const app = express();
  app.disable('x-powered-by').set('etag', false);
  app.use(logRequests(parts));
  app.use(identified(parts));
  app.use(sayingAlive(parts.aliveMs ?? ALIVE_MS));
  for (const { method, path, callers, handle } of parts.routes) {
    app[method](path, async (request, response) => {
      const caller = callerOf(response);
      if (!callers.includes(caller.role)) {
        throw new HoldfastError('NOT_ALLOWED', `${titleOf(caller)} may not ask for this`);
      }
      await handle(request, response, caller);
    });
  }
  app.use((request) => {
    throw new HoldfastError('NOT_FOUND', `nothing at ${request.method} ${request.path}`);
  });
  app.use(answerProblems(parts.log, parts.retryAfter));
  return app;
}

/** Lets pass the roles of organisations that the consortium has granted them to. */
const identified =
  ({ identify, config }: InnerDoorParts): RequestHandler =>
  (request, response, next) => {
    // whoever is refused keeps no connection
    response.set('Connection', 'close');
    const { socket } = request;
    const caller = identify((socket as TLSSocket).getPeerX509Certificate());
    const granted = config.organisations.find(({ mspId }) => mspId === caller.mspId)?.roles ?? [];
    if (!granted.includes(caller.role)) {
      throw new HoldfastError('NOT_ALLOWED', `the consortium knows no ${titleOf(caller)}`);
    }
    response.removeHeader('Connection');
    response.locals['asking'] = caller;
    response.locals['gateway'] = `${caller.mspId}/${caller.role}`;
    next();
  };

const callerOf = (response: Response): RoleIdentity => response.locals['asking'] as RoleIdentity;

const sayingAlive =
  (everyMs: number): RequestHandler =>
  (_request, response, next) => {
    const timer = setInterval(() => {
      if (!response.headersSent) response.writeProcessing();
    }, everyMs);
    response.once('close', () => clearInterval(timer));
    next();
  };

/** Each role under its own certificate of the day, asked for by name; strangers are heard, to be told what is missing. */
export function innerTls(connection: LiveConnection, roles: readonly RoleIdentity[]): TlsOptions {
  const names = new Map(roles.map((role) => [serverNameOf(role), role]));
  const held = new Map<string, { readonly cert: string; readonly context: SecureContext }>();

  function contextOf(name: string): SecureContext | undefined {
    const { mspId, role } = names.get(name) ?? {};
    const { organisations } = connection();
    const own = organisations.find((each) => each.mspId === mspId);
    const identity = role === undefined ? undefined : own?.identities[role];
    if (identity === undefined) return undefined;
    const { cert, key } = identity;
    const before = held.get(name);
    if (before?.cert === cert) return before.context;
    const ca = organisations.map(({ rootCert }) => rootCert);
    const context = createSecureContext({ cert, key, ca, minVersion: 'TLSv1.3' });
    held.set(name, { cert, context });
    return context;
  }

  return {
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    handshakeTimeout: 10_000,
    SNICallback(name, done) {
      const context = contextOf(name);
      if (context === undefined) done(new Error(`nobody here is ${name}`));
      else done(null, context);
    },
  };
}
