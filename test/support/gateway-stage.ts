/**
 * A whole gateway in this process: the contracts on the ledger in memory, a certificate authority, every role, free ports,
 * and a clock that the test moves.
 */
// First: it silences what fabric-shim installs when it is imported.
import { connectWith, newMemoryLedger, type MemoryLedger } from './memory-ledger.ts';
import { layKeys } from './key-server.ts';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gateway } from '@hyperledger/fabric-gateway';
import type { Role } from '@holdfast/protocol/schema.js';
import { contracts } from '../../chaincode/src/index.ts';
import { PLAYED } from '../../gateway/src/config.ts';
import { startGateway, type RunningGateway } from '../../gateway/src/gateway.ts';
import type { Connection } from '../../gateway/src/ledger/connection.ts';
import type { LedgerLink } from '../../gateway/src/ledger/ledger-link.ts';
import { UNLIMITED, type Limits } from '../../gateway/src/limits.ts';
import { newLog, type Logger } from '../../gateway/src/log.ts';
import { CaServer } from '../../network/devpeer/src/ca-server.ts';
import { Organisations } from '../../network/devpeer/src/organisations.ts';
import { Register } from '../../network/devpeer/src/register.ts';

const STAFF: readonly Role[] = ['agent', 'key-server', 'provider', 'delegate', 'operator'];
const HOST = '127.0.0.1';

export interface GatewayStage {
  readonly ledger: MemoryLedger;
  readonly connection: Connection;
  readonly link: LedgerLink;
  /** Data folder of the gateway. */
  readonly folder: string;
  url(): string;
  /** Puts the clocks of all organisations forward, milliseconds; the time of day stays. */
  pass(milliseconds: number): void;
  /** @param options - instead of those before, where given. */
  start(options?: GatewayStageOptions): Promise<RunningGateway>;
  stop(): Promise<void>;
  /** Ends everything and removes the folder. */
  close(): Promise<void>;
}

export interface GatewayStageOptions {
  /** None unless given: tests ask as fast as they can. */
  readonly limits?: Limits;
  readonly log?: Logger;
  /** An empty one that is not removed, instead of one of its own. */
  readonly folder?: string;
  /** How long a request waits for its answer before it becomes a task. */
  readonly answerWithinMs?: number;
}

/** However slow the machine is: no request becomes a task unless a test wants it. */
const PATIENCE_MS = 600_000;

/** Of files in managed custody: each is proved with a quarter of the work, accounts are opened with a quarter. */
export const MANAGED_BLOCK = 65_536;

/** The gateway runs when this resolves. */
export async function newGatewayStage(given: GatewayStageOptions = {}): Promise<GatewayStage> {
  const folder = given.folder ?? (await mkdtemp(join(tmpdir(), 'holdfast-gateway-')));
  await layKeys(folder);
  const ledger = await newMemoryLedger({ contracts });
  const register = await Register.open(join(folder, 'register'));
  const authorities = [...ledger.authorities.values()];
  const organisations = new Organisations(authorities);
  const ca = await CaServer.listen(authorities, register, organisations, HOST, 0);
  const { connection, link } = await connect(ledger, ca.port);
  let passed = 0;
  let running: RunningGateway | undefined;

  async function start(options = given): Promise<RunningGateway> {
    const { limits = UNLIMITED, log = newLog('silent'), answerWithinMs = PATIENCE_MS } = options;
    running = await startGateway({
      config: {
        port: 0,
        host: HOST,
        publicOrigin: undefined,
        inner: undefined,
        dataFolder: folder,
        storage: { driver: 'embedded' },
        roles: PLAYED,
        logLevel: 'silent',
        limits,
      },
      connection: { current: () => connection, look: () => Promise.resolve() },
      link,
      log,
      answerWithinMs,
      managedBlock: MANAGED_BLOCK,
      clocks: {
        nowMs: Date.now,
        monotonicMs: () => performance.now() + passed,
      },
    });
    return running;
  }

  async function stop(): Promise<void> {
    await running?.close();
    running = undefined;
  }

  await start();
  return {
    ledger,
    connection,
    link,
    folder,
    url: () => running?.url ?? '',
    pass: (milliseconds) => {
      passed += milliseconds;
    },
    start,
    stop,
    async close() {
      await stop();
      await ca.close();
      await register.close();
      await ledger.close();
      if (given.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Identities of every role at every organisation, as a development network hands them out. */
export async function connect(
  ledger: MemoryLedger,
  caPort: number,
): Promise<{ connection: Connection; link: LedgerLink }> {
  const gateways = new Map<string, Gateway>();
  const organisations: Connection['organisations'] = [];
  for (const [mspId, { rootCertificate }] of ledger.authorities) {
    const identities: Connection['organisations'][number]['identities'] = {};
    for (const role of STAFF) {
      const identity = await ledger.newIdentity({ mspId, role });
      gateways.set(`${mspId}/${role}`, ledger.connect(identity));
      const key = identity.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
      identities[role] = { cert: identity.certificatePem, key };
    }
    organisations.push({
      mspId,
      rootCert: rootCertificate,
      tlsRootCert: null,
      peerEndpoint: `${HOST}:1`,
      caUrl: `http://${HOST}:${caPort}/${mspId}`,
      identities,
    });
  }
  const { channel, chaincode } = ledger;
  const link: LedgerLink = {
    channel,
    chaincode,
    gatewayAs({ mspId, role }) {
      const gateway = gateways.get(`${mspId}/${role}`);
      if (gateway === undefined) throw new Error(`no ${role} of ${mspId}`);
      return gateway;
    },
    connectOwner: ({ mspId, certificate, sign }) =>
      connectWith(ledger.client, { mspId, certificatePem: certificate, signer: sign }),
    close: () => Promise.resolve(),
  };
  return { connection: { channel, chaincode, organisations }, link };
}
