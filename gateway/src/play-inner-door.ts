/**
 * The inner door on the stage: what this gateway's roles answer to gateways of other organisations.
 *
 * @module
 */
import type { Identify } from './between/caller-identity.ts';
import { innerTls, newInnerApp } from './between/inner-door.ts';
import { newExpectOwner } from './between/owners-of.ts';
import { providerCalls } from './between/provider-calls.ts';
import { keyServerCall, presenceCall } from './between/role-calls.ts';
import type { GatewayConfig } from './config.ts';
import { newRetryAfter } from './http/retry-after.ts';
import { newHttpServer, PATIENCE, type HttpServer } from './http/server.ts';
import type { LiveConnection } from './identity/live-connection.ts';
import type { LedgerSession } from './ledger/ledger.ts';
import type { Metrics } from './metrics.ts';
import type { Parties } from './parties.ts';
import type { Stage } from './play.ts';
import type { KeyServer, Provider } from './roles.ts';

/** A kept connection costs nothing, and a new one fifty calls, milliseconds. */
const KEPT_MS = 60_000;

export interface InnerDoorStage {
  readonly config: Pick<GatewayConfig, 'limits'>;
  readonly connection: LiveConnection;
  readonly identify: Identify;
  readonly parties: Parties;
  readonly reader: LedgerSession;
  readonly keyServers: ReadonlyMap<string, KeyServer>;
  readonly provider: Provider | undefined;
  readonly metrics: Metrics;
}

export interface InnerDoor extends Pick<HttpServer, 'stop'> {
  /** @returns the address. */
  listen(host: string, port: number): Promise<string>;
}

/** (Key server, Provider) */
export function newInnerDoor(stage: Stage, parts: InnerDoorStage): InnerDoor {
  const { log, monotonicMs, rules, signal } = stage;
  const { config, connection, parties, keyServers, provider } = parts;
  const roles = [
    ...parties.keyServers,
    ...(parties.provider === undefined ? [] : [parties.provider]),
  ];
  const expectOwner = newExpectOwner(parts.reader, signal);
  const app = newInnerApp({
    log,
    metrics: parts.metrics,
    monotonicMs,
    config: rules,
    identify: parts.identify,
    routes: [
      presenceCall(roles),
      keyServerCall(keyServers, expectOwner),
      ...(provider === undefined ? [] : providerCalls(provider, expectOwner)),
    ],
    retryAfter: newRetryAfter({ config: rules, monotonicMs }),
  });
  const patience = { ...PATIENCE, keepAliveMs: KEPT_MS };
  const server = newHttpServer(config.limits, patience, innerTls(connection, roles));
  return {
    listen: (host, port) => server.listen(app, host, port),
    stop: () => server.stop(),
  };
}
