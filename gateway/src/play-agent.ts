/**
 * The agent on the stage: owners enrolled, their seeds kept for those who wish it, and all that its door needs.
 *
 * @module
 */
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import type { UploadRequest } from '@holdfast/protocol/upload-messages.js';
import type { KeyServer, Provider } from './roles.ts';
import { newLocator } from './auditor/look-back.ts';
import { newTableCopies } from './auditor/table-copies.ts';
import { newEnrolment } from './enrolment/enrolment.ts';
import { newOwners } from './enrolment/owners.ts';
import type { AgentParts } from './http/app.ts';
import {
  forgetAnswers,
  newIdempotency,
  newIdempotencyInMemory,
  type KeptAnswer,
} from './http/idempotency.ts';
import { openNonces } from './http/nonces.ts';
import type { OriginOf } from './http/origins.ts';
import { newSignatureAuth, type Signatory } from './http/signature-auth.ts';
import { newTasks, type KeptTask } from './http/tasks.ts';
import type { LiveConnection } from './identity/live-connection.ts';
import type { Revocations } from './identity/revocations.ts';
import { networkOf, registrarOf } from './ledger/connection-parts.ts';
import type { RoleIdentity } from './ledger/ledger.ts';
import { newBegunPuts, type KeptPut } from './managed/begun-puts.ts';
import { newCustody } from './managed/custody.ts';
import { newManagedFiles } from './managed/managed-files.ts';
import { countedKeyServers, countedProvider } from './monitor/count-roles.ts';
import { watchNodes } from './monitor/watch-nodes.ts';
import type { Stage } from './play.ts';
import { openEnrolmentKey, roleFolder } from './role-keys.ts';
import { openStore, type Store } from './store.ts';

const HOUR_MS = 3_600_000;
/** How often keys whose time is over leave the memory, and nodes are looked at, milliseconds. */
const FORGET_MS = 10_000;
const NODES_MS = 5_000;
/** How often the clock is looked at, milliseconds. */
const CLOCK_MS = 1_000;

export interface PlayedAgentParts {
  readonly connection: LiveConnection;
  readonly revocations: Revocations;
  readonly store: Store;
  readonly registry: Registry;
  readonly originOf: OriginOf;
  readonly answerWithinMs: number;
  /** Bytes of a block of files in managed custody. */
  readonly managedBlock: UploadRequest['blockSize'];
  /** All that a key needs, here or elsewhere. */
  readonly keyServers: ReadonlyMap<string, KeyServer>;
  readonly provider: Provider;
  /** Played here. */
  readonly delegates: readonly RoleIdentity[];
}

/** (Agent) */
export async function playAgent(
  stage: Stage,
  identity: RoleIdentity,
  parts: PlayedAgentParts,
): Promise<AgentParts> {
  const { ledger, monitor, pool, nowMs, monotonicMs, log, closing, channel } = stage;
  const { connection, revocations, store, registry, managedBlock } = parts;
  const { mspId } = identity;
  const agent = ledger.as(identity);
  const nonces = await openNonces({ table: store.table<number>('nonces'), nowMs, monotonicMs });
  const keyServers = countedKeyServers(parts.keyServers, registry);
  const provider = countedProvider(parts.provider, registry);
  stage.go('nodes', NODES_MS, watchNodes(provider, monitor));
  const providers = new Map([[provider.providerId, provider]]);
  const looking = { session: agent, channel, config: stage.rules, monitor, providers, log };
  const own = parts.delegates.map((delegate) => delegate.mspId);
  stage.go('locator', CLOCK_MS, newLocator(looking, own));

  const answers = store.table<KeptAnswer>('answers');
  const puts = store.table<KeptPut>('puts');
  stage.go('answers', HOUR_MS, async () => {
    await forgetAnswers({ answers, nowMs });
    await forgetAnswers({ answers: puts, nowMs });
  });
  const withinMs = parts.answerWithinMs;
  const tasks = newTasks({ kept: store.table<KeptTask>('tasks'), withinMs, nowMs, log });
  stage.go('tasks', HOUR_MS, () => tasks.forget());
  closing.push(() => tasks.settled());
  const enrolled = store.table<Signatory>('enrolled');
  const owners = newOwners({ agent, enrolled, revocations, nowMs });
  const folder = roleFolder(stage.dataFolder, 'agent', mspId);
  const tables = newTableCopies(join(folder, 'tables'), pool);
  const enrol = newEnrolment({
    registrar: () => registrarOf(connection(), mspId),
    agent,
    owners,
    granted: store.table<readonly string[]>('granted'),
    enrolmentKey: await openEnrolmentKey(folder),
  });
  await nonces.begun();
  const custodyStore = await openStore(join(folder, 'custody'));
  closing.push(() => custodyStore.close());
  const custodyParts = { mspId, channel, ledger, provider, tables, enrol, pool, nowMs };
  const custody = newCustody({
    ...custodyParts,
    store: custodyStore,
    longestBlock: managedBlock,
  });
  stage.go('custody', FORGET_MS, async () => custody.forget());
  return {
    network: networkOf(connection(), mspId),
    enrol,
    custody,
    revocations,
    files: newManagedFiles({
      provider,
      keyServers,
      blockSize: managedBlock,
      nowMs,
      puts: newBegunPuts(puts, nowMs),
      monitor,
    }),
    measuringFolder: join(folder, 'measuring'),
    agent,
    keyServers,
    provider,
    tables,
    pool,
    authenticate: newSignatureAuth({
      signatoryOf: (keyId) => owners.signatoryOf(keyId),
      nonces,
      nowMs,
    }),
    originOf: parts.originOf,
    once: newIdempotency({ answers, nowMs }),
    onceInMemory: newIdempotencyInMemory({ nowMs }),
    tasks,
  };
}
