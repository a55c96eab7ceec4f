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
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { inline, type Pool } from '@holdfast/protocol/pool.js';
import { newApp } from './http/app.ts';
import type { GatewayConfig } from './config.ts';
import { configured, funded } from './consortium.ts';
import { newEnrolment } from './enrolment/enrolment.ts';
import {
  forgetAnswers,
  newIdempotency,
  newIdempotencyInMemory,
  type KeptAnswer,
} from './http/idempotency.ts';
import { ANSWER_WITHIN_MS, newTasks, type KeptTask } from './http/tasks.ts';
import type { RenewedConnection } from './identity/live-connection.ts';
import { openRevocations } from './identity/revocations.ts';
import { isDevelopment, type Connection } from './ledger/connection.ts';
import { networkOf, registrarOf } from './ledger/connection-parts.ts';
import { newFabricLedger } from './ledger/fabric-ledger.ts';
import type { LedgerLink } from './ledger/ledger-link.ts';
import type { Logger } from './log.ts';
import { goRound } from './loop.ts';
import { newMetrics } from './metrics.ts';
import { countAudits } from './monitor/count-audits.ts';
import { countedLedger } from './monitor/count-ledger.ts';
import { countedKeyServers, countedProvider } from './monitor/count-roles.ts';
import { figuresOf } from './monitor/figures.ts';
import { newLateness } from './monitor/lateness.ts';
import { newCustody } from './managed/custody.ts';
import { newManagedFiles } from './managed/managed-files.ts';
import { openMonitor } from './monitor/monitor.ts';
import { newStoredBytes } from './monitor/stored-bytes.ts';
import { openNonces } from './http/nonces.ts';
import { newOrigins } from './http/origins.ts';
import { newOwners } from './enrolment/owners.ts';
import { partiesOf } from './parties.ts';
import { playDelegates, playKeyServers, type Stage } from './play.ts';
import { playProvider } from './play-provider.ts';
import { newHttpServer, type HttpServer } from './http/server.ts';
import { openEnrolmentKey, roleFolder } from './role-keys.ts';
import { newSignatureAuth, type Signatory } from './http/signature-auth.ts';
import { openStore } from './store.ts';
import { openDriver } from './storage/storage-driver.ts';
import { newTableCopies } from './auditor/table-copies.ts';

const HOUR_MS = 3_600_000;
/** How often keys whose time is over leave the memory, milliseconds. */
const FORGET_MS = 10_000;
/** How long the ledger may take to answer before a gateway gives up starting, milliseconds. */
const LEDGER_PATIENCE_MS = 60_000;
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
  /** {@link LOOK_MS} unless given. */
  readonly lookMs?: number;
}

export interface Clocks {
  readonly nowMs: () => number;
  /** Never goes back. */
  readonly monotonicMs: () => number;
}

const MACHINE: Clocks = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

export interface RunningGateway {
  readonly url: string;
  /** Resolves when what was begun is done and everything is closed. */
  close(): Promise<void>;
}

/** (Agent) Starts every role, then listens. */
export async function startGateway(parts: GatewayParts): Promise<RunningGateway> {
  const { config, link, log, pool = inline, lookMs = LOOK_MS } = parts;
  const connection = parts.connection.current();
  const { nowMs, monotonicMs } = parts.clocks ?? MACHINE;
  await ready();
  const stopping = new AbortController();
  const { signal } = stopping;
  // every call that can be ended listens to it
  setMaxListeners(0, signal);
  const closing: (() => Promise<unknown>)[] = [() => link.close()];
  const rounds: Promise<void>[] = [];

  const leaving = new AbortController();
  let server: HttpServer | undefined;

  async function close(): Promise<void> {
    // streams have no end of their own; what is being answered still has all it needs
    leaving.abort();
    await server?.stop();
    stopping.abort();
    await Promise.all(rounds);
    for (const end of closing.toReversed()) await end();
  }

  try {
    const { organisations } = connection;
    const revocations = await openRevocations({ organisations, log, nowMs });
    const own = agentOf(connection);
    const registry = new Registry();
    const ledger = countedLedger(newFabricLedger(link, own), registry);
    const reader = ledger.as(own);
    const names = organisations.map(({ mspId }) => mspId);
    const rules = await patiently(() => configured(ledger, names, reader));
    const parties = partiesOf(config.roles, connection, rules);
    const agent = ledger.as(parties.agent);
    const store = await openStore(join(config.dataFolder, 'gateway'));
    closing.push(() => store.close());
    const nonces = await openNonces({ table: store.table<number>('nonces'), nowMs, monotonicMs });
    const monitor = await openMonitor({ ledger, agent, store, log, nowMs });
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
    const [servers, kept] = await Promise.all([
      playKeyServers(stage, parties.keyServers),
      playProvider(stage, parties.provider, registry),
      patiently(() => funded(ledger, parties.agent.mspId)),
    ]);
    const keyServers = countedKeyServers(servers, registry);
    const provider = countedProvider(kept.provider, registry);
    await playDelegates(stage, parties, provider);
    stage.go('monitor', 0, (until) => monitor.run(until));

    const answers = store.table<KeptAnswer>('answers');
    stage.go('answers', HOUR_MS, () => forgetAnswers({ answers, nowMs }));
    const withinMs = parts.answerWithinMs ?? ANSWER_WITHIN_MS;
    const tasks = newTasks({ kept: store.table<KeptTask>('tasks'), withinMs, nowMs, log });
    stage.go('tasks', HOUR_MS, () => tasks.forget());
    closing.push(() => tasks.settled());
    const enrolled = store.table<Signatory>('enrolled');
    const owners = newOwners({ agent, enrolled, revocations, nowMs });
    const folder = roleFolder(config.dataFolder, 'agent', agent.mspId);
    const tables = newTableCopies(join(folder, 'tables'), pool);
    const enrol = newEnrolment({
      registrar: () => registrarOf(parts.connection.current(), agent.mspId),
      agent,
      owners,
      granted: store.table<readonly string[]>('granted'),
      enrolmentKey: await openEnrolmentKey(folder),
    });
    await nonces.begun();
    const custodyStore = await openStore(join(folder, 'custody'));
    closing.push(() => custodyStore.close());
    const { channel } = connection;
    const { mspId } = agent;
    const custodyParts = { mspId, channel, ledger, provider, tables, enrol, pool, nowMs };
    const custody = newCustody({ ...custodyParts, store: custodyStore });
    stage.go('custody', FORGET_MS, async () => custody.forget());
    const figures = figuresOf({
      provider,
      monitor,
      provided: kept.figures,
      stored: newStoredBytes(kept.folders, monotonicMs, signal),
      connection: parts.connection.current,
      config: rules,
      nowMs,
      monotonicMs,
      signal,
    });
    const door = newHttpServer(config.limits);
    server = door;
    const app = newApp({
      log,
      network: networkOf(connection, agent.mspId),
      config: rules,
      enrol,
      custody,
      revocations,
      files: newManagedFiles({ provider, keyServers, nowMs }),
      measuringFolder: join(folder, 'measuring'),
      ledger,
      agent,
      keyServers,
      provider,
      tables,
      monitor,
      metrics: newMetrics({ registry, figures, signal }),
      pool,
      authenticate: newSignatureAuth({
        signatoryOf: (keyId) => owners.signatoryOf(keyId),
        nonces,
        nowMs,
      }),
      originOf: newOrigins(config.publicOrigin, () => door.port()),
      once: newIdempotency({ answers, nowMs }),
      onceInMemory: newIdempotencyInMemory({ nowMs }),
      tasks,
      checks: {
        ledger: async () => {
          await agent.evaluate('beacons:current', {}, AbortSignal.timeout(5_000));
          return [];
        },
        storage: async () => {
          const nodes = await provider.nodes();
          const up = nodes.filter((node) => node.up).length;
          return up >= rules.minimumReplicas
            ? []
            : [`${up} of ${nodes.length} nodes answer, ${rules.minimumReplicas} are needed`];
        },
        clock: newLateness({ monitor, config: rules, monotonicMs, signal }),
        revocations: () => revocations.problems(),
        keyServers: () =>
          rules.keyServers
            .filter((mspId) => !keyServers.has(mspId))
            .map((mspId) => `${mspId} is not reached from here`),
      },
      limits: config.limits,
      signal: leaving.signal,
      nowMs,
      monotonicMs,
    });
    const url = await door.listen(app, config.host, config.port);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function agentOf(connection: Connection) {
  const holder = connection.organisations.find(({ identities }) => identities.agent !== undefined);
  if (holder === undefined) {
    throw new HoldfastError('NOT_ALLOWED', 'the connection file holds no identity of an agent');
  }
  return { mspId: holder.mspId, role: 'agent' as const };
}

/** A ledger that is still starting gets time. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + LEDGER_PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const unreached = error instanceof HoldfastError && error.code === 'LEDGER_UNREACHABLE';
      if (!unreached || performance.now() > end) throw error;
    }
  }
}
