/**
 * Three gateways in this process, one an organisation, that reach each other over real TLS on loopback; the contracts on the
 * ledger in memory, a certificate authority with its revocation lists, identities that tests renew.
 */
// First: it silences what fabric-shim installs when it is imported.
import { newMemoryLedger, type MemoryLedger } from './memory-ledger.ts';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contracts } from '../../chaincode/src/index.ts';
import { PLAYED } from '../../gateway/src/config.ts';
import { startGateway, type RunningGateway } from '../../gateway/src/gateway.ts';
import type { Connection } from '../../gateway/src/ledger/connection.ts';
import { UNLIMITED } from '../../gateway/src/limits.ts';
import { newLog } from '../../gateway/src/log.ts';
import { CaServer } from '../../network/devpeer/src/ca-server.ts';
import type { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { listOf } from '../../network/devpeer/src/enrolment.ts';
import { Organisations } from '../../network/devpeer/src/organisations.ts';
import { Register } from '../../network/devpeer/src/register.ts';
import { freePort } from '../../scripts/free-port.mjs';
import { connect } from './gateway-stage.ts';
import { certifiedBy } from './inner-door.ts';
import { layKeys } from './key-server.ts';

const HOST = '127.0.0.1';
/** How often certificates are looked at here. */
const LOOK_MS = 50;

export type Name = 'Alder' | 'Birch' | 'Cedar';
const NAMES: readonly Name[] = ['Alder', 'Birch', 'Cedar'];

export interface ThreeGateways {
  readonly connection: Connection;
  url(name: Name): string;
  start(name: Name): Promise<void>;
  stop(name: Name): Promise<void>;
  /** An identity gets another certificate and key. */
  renew(name: Name, role: 'agent' | 'key-server' | 'provider'): Promise<void>;
  /** Takes back the certificate of serial numbers, as certificates have them. */
  revoke(name: Name, ...serialNumbers: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export async function newThreeGateways(): Promise<ThreeGateways> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-three-'));
  const ledger = await newMemoryLedger({ contracts });
  const register = await Register.open(join(folder, 'register'));
  const authorities = [...ledger.authorities.values()];
  const listPath = (mspId: string) => join(folder, `${mspId}-crl.pem`);
  const writeList = async (authority: CertificateAuthority) => {
    const path = listPath(authority.mspId);
    await writeFile(`${path}.new`, await listOf(authority, register));
    await rename(`${path}.new`, path);
  };
  const ca = await CaServer.listen(
    authorities,
    register,
    new Organisations(authorities),
    HOST,
    0,
    writeList,
  );
  await Promise.all(authorities.map(writeList));
  for (const name of ['Alder', 'Cedar']) await layKeys(join(folder, name));
  const connected = await connect(ledger, ca.port);
  const { link } = connected;
  let all: Connection = await addressed(connected.connection, listPath);
  const running = new Map<Name, RunningGateway>();

  const ownOf = (name: Name): Connection => ({
    ...all,
    organisations: all.organisations.map((one) =>
      one.mspId === name ? one : { ...one, identities: {} },
    ),
  });

  async function start(name: Name): Promise<void> {
    const { gatewayUrl } = organisationOf(all, name);
    const gateway = await startGateway({
      config: {
        port: 0,
        host: HOST,
        publicOrigin: undefined,
        inner: { host: HOST, port: Number(new URL(gatewayUrl ?? '').port) },
        dataFolder: join(folder, name),
        storage: { driver: 'embedded' },
        roles: PLAYED,
        logLevel: 'silent',
        limits: UNLIMITED,
      },
      connection: { current: () => ownOf(name), look: () => Promise.resolve() },
      link,
      log: newLog('silent'),
      answerWithinMs: 600_000,
      lookMs: LOOK_MS,
    });
    running.set(name, gateway);
  }

  async function stop(name: Name): Promise<void> {
    await running.get(name)?.close();
    running.delete(name);
  }

  await Promise.all(NAMES.map(start));
  return {
    connection: all,
    url: (name) => running.get(name)?.url ?? '',
    start,
    stop,
    async renew(name, role) {
      const identity = await certifiedBy(authorityOf(ledger, name), role);
      all = {
        ...all,
        organisations: all.organisations.map((one) =>
          one.mspId === name
            ? { ...one, identities: { ...one.identities, [role]: identity } }
            : one,
        ),
      };
    },
    async revoke(name, ...serialNumbers) {
      await register.revoke(
        name,
        serialNumbers.map((each) => each.toLowerCase()),
      );
      await writeList(authorityOf(ledger, name));
    },
    async close() {
      for (const name of NAMES) await stop(name);
      await ca.close();
      await register.close();
      await ledger.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function organisationOf({ organisations }: Connection, name: Name) {
  const found = organisations.find(({ mspId }) => mspId === name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

function authorityOf({ authorities }: MemoryLedger, name: Name): CertificateAuthority {
  const found = authorities.get(name);
  if (found === undefined) throw new Error(`no ${name}`);
  return found;
}

/** The same, with a free port for each gateway, and its list. */
async function addressed(
  { organisations, ...rest }: Connection,
  listPath: (mspId: string) => string,
): Promise<Connection> {
  const found = [];
  for (const organisation of organisations) {
    const gatewayUrl = `https://${HOST}:${await freePort()}`;
    found.push({ ...organisation, gatewayUrl, crl: listPath(organisation.mspId) });
  }
  return { ...rest, organisations: found };
}
