/**
 * A whole gateway: its roles wired together, started and stopped.
 *
 * @module
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Registry } from 'prom-client';
import { ready } from '@holdfast/protocol/curve.js';
import { inline, type Pool } from '@holdfast/protocol/pool.js';
import type { UploadRequest } from '@holdfast/protocol/upload-messages.js';
import { newIdentify } from './between/caller-identity.ts';
import { newReach } from './between/reached.ts';
import type { GatewayConfig } from './config.ts';
import { funded } from './consortium.ts';
import { newApp, newOpenApp } from './http/app.ts';
import { newOrigins } from './http/origins.ts';
import { newHttpServer } from './http/server.ts';
import { ANSWER_WITHIN_MS } from './http/tasks.ts';
import type { RenewedConnection } from './identity/live-connection.ts';
import { openRevocations } from './identity/revocations.ts';
import { rootsOf } from './identity/role-certificate.ts';
import { isDevelopment } from './ledger/connection.ts';
import { newFabricLedger } from './ledger/fabric-ledger.ts';
import type { LedgerLink } from './ledger/ledger-link.ts';
import type { Logger } from './log.ts';
import { goRound } from './loop.ts';
import { newMetrics } from './metrics.ts';
import { countAudits } from './monitor/count-audits.ts';
import { countedLedger } from './monitor/count-ledger.ts';
import { figuresOf } from './monitor/figures.ts';
import { openMonitor } from './monitor/monitor.ts';
import { newStoredBytes } from './monitor/stored-bytes.ts';
import { partiesOf, type Parties } from './parties.ts';
import { patiently } from './patiently.ts';
import { playAgent } from './play-agent.ts';
import { playDelegates, playKeyServers, type Stage } from './play.ts';
import { newInnerDoor } from './play-inner-door.ts';
import { playProvider } from './play-provider.ts';
import { newReadiness } from './readiness.ts';
import { rolesReached } from './roles-reached.ts';
import { rulesInForce } from './rules-in-force.ts';
import { openDriver } from './storage/storage-driver.ts';
import { openStore } from './store.ts';

/** How often it is looked for renewed and for revoked certificates, milliseconds: either counts within a minute. */
const LOOK_MS = 15_000;

export interface GatewayParts {
  readonly config: Omit<GatewayConfig, 'connection'>;
  readonly connection: RenewedConnection;
  /** On the same connection. */
  readonly link: LedgerLink;
  readonly log: Logger;
  /** Where long computations run; inline unless given. */
  readonly pool?: Pool;
  /** The machine's clocks unless given. */
  readonly clocks?: Clocks;
  /** How long a request that takes long is waited for; {@link ANSWER_WITHIN_MS} unless given. */
  readonly answerWithinMs?: number;
  /** Bytes of a block of files in managed custody; 256 KiB unless given. */
  readonly managedBlock?: UploadRequest['blockSize'];
  /** {@link LOOK_MS} unless given. */
  readonly lookMs?: number;
}

export interface Clocks {
  readonly nowMs: () => number;
  /** Never goes back. */
  readonly monotonicMs: () => number;
}

const MACHINE: Clocks = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

const USUAL = {
  pool: inline,
  clocks: MACHINE,
  answerWithinMs: ANSWER_WITHIN_MS,
  managedBlock: 262_144,
  lookMs: LOOK_MS,
} as const;

export interface RunningGateway {
  readonly url: string;
  /** Where gateways of other organisations are answered; undefined: nowhere. */
  readonly innerUrl: string | undefined;
  /** Resolves when what was begun is done and everything is closed. */
  close(): Promise<void>;
}

/** Starts every role that is played here, then listens. */
export async function startGateway(parts: GatewayParts): Promise<RunningGateway> {
  const given = { ...USUAL, ...parts };
  const { config, link, log, pool, clocks, answerWithinMs, managedBlock, lookMs } = given;
  const { nowMs, monotonicMs } = clocks;
  const connection = parts.connection.current();
  await ready();
  const stopping = new AbortController();
  const { signal } = stopping;
  // every call that can be ended listens to it
  setMaxListeners(0, signal);
  const closing: (() => Promise<unknown>)[] = [() => link.close()];
  const rounds: Promise<void>[] = [];

  const leaving = new AbortController();
  const doors: { stop(): Promise<void> }[] = [];

  async function close(): Promise<void> {
    // streams have no end of their own; what is being answered still has all it needs
    leaving.abort();
    await Promise.all(doors.map((door) => door.stop()));
    stopping.abort();
    await Promise.all(rounds);
    for (const end of closing.toReversed()) await end();
  }

  try {
    const { organisations } = connection;
    const revocations = await openRevocations({ organisations, log });
    const { rules, reader: own } = await rulesInForce(link, connection);
    const registry = new Registry();
    const ledger = countedLedger(newFabricLedger(link, own), registry);
    const reader = ledger.as(own);
    const parties = partiesOf(config.roles, connection, rules);
    const store = await openStore(join(config.dataFolder, 'gateway'));
    closing.push(() => store.close());
    const monitor = await openMonitor({ ledger, agent: reader, store, log, nowMs });
    const stage: Stage = {
      dataFolder: config.dataFolder,
      channel: connection.channel,
      ledger,
      rules,
      monitor,
      log,
      pool,
      signal,
      nowMs,
      monotonicMs,
      isDevelopment: isDevelopment(connection),
      storageOf: (mspId) => openDriver(config.storage, config.dataFolder, mspId),
      closing,
      go: (name, everyMs, round) => rounds.push(goRound({ name, log, signal, everyMs }, round)),
    };
    stage.go('certificates', lookMs, async () => {
      await parts.connection.look();
      await revocations.look();
    });
    countAudits({ registry, monitor, monotonicMs, signal });
    const live = parts.connection.current;
    const { agent } = parties;
    const identify = newIdentify({ roots: rootsOf(organisations), revocations, nowMs });
    const here = await playHere(stage, parties, registry);
    const reach = newReach({ connection: live, revocations, identify, monotonicMs, signal });
    const reached = rolesReached({ parties, rules, ledger, reach, ...here });
    await playDelegates(stage, parties, reached.providersFor);
    stage.go('monitor', 0, (until) => monitor.run(until));
    const figures = figuresOf({
      provider: reached.provider,
      monitor,
      provided: here.figures,
      stored: newStoredBytes(here.folders, monotonicMs, signal),
      connection: live,
      revocations,
      config: rules,
      nowMs,
      monotonicMs,
      signal,
    });
    const open = {
      log,
      config: rules,
      ledger,
      monitor,
      metrics: newMetrics({ registry, figures, signal }),
      limits: config.limits,
      checks: newReadiness(stage, { reader, revocations, reached }),
      signal: leaving.signal,
      nowMs,
      monotonicMs,
    };
    const door = newHttpServer(config.limits);
    doors.push(door);
    const played =
      agent &&
      reached.forAgent &&
      (await playAgent(stage, agent, {
        connection: live,
        revocations,
        store,
        registry,
        originOf: newOrigins(config.publicOrigin, () => door.port()),
        answerWithinMs,
        managedBlock,
        ...reached.forAgent,
        delegates: parties.delegates,
      }));
    const app = played === undefined ? newOpenApp(open) : newApp({ ...open, ...played });
    let innerUrl: string | undefined;
    if (config.inner !== undefined) {
      const { metrics } = open;
      const places = { config, connection: live, identify, parties, reader, metrics };
      const inner = newInnerDoor(stage, { ...places, ...here });
      doors.push(inner);
      innerUrl = await inner.listen(config.inner.host, config.inner.port);
    }
    const url = await door.listen(app, config.host, config.port);
    return { url, innerUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What is played of key servers, provider and agent before others are asked for. */
async function playHere(
  stage: Stage,
  { agent, keyServers, provider }: Parties,
  registry: Registry,
) {
  const [servers, provided] = await Promise.all([
    playKeyServers(stage, keyServers),
    provider && playProvider(stage, provider, registry),
    agent && patiently(() => funded(stage.ledger, agent.mspId)),
  ]);
  return {
    keyServers: servers,
    provider: provided?.provider,
    figures: provided?.figures,
    folders: provided?.folders ?? new Map<string, string>(),
  };
}
