/**
 * Two gateways in this process, as far as they see each other: one that answers at its inner door, over real TLS on loopback,
 * and one that calls it; certificates of real authorities.
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { KeyServerOrganisation } from '@holdfast/protocol/consortium-records.js';
import { newIdentify, type Identify } from '../../gateway/src/between/caller-identity.ts';
import type { CallerParts } from '../../gateway/src/between/caller.ts';
import { innerTls, newInnerApp, type InnerRoute } from '../../gateway/src/between/inner-door.ts';
import type { ExpectOwner } from '../../gateway/src/between/owners-of.ts';
import { providerCalls } from '../../gateway/src/between/provider-calls.ts';
import { newReach, type Reach } from '../../gateway/src/between/reached.ts';
import { keyServerCall, presenceCall } from '../../gateway/src/between/role-calls.ts';
import { newHttpServer } from '../../gateway/src/http/server.ts';
import { rootsOf } from '../../gateway/src/identity/role-certificate.ts';
import type { Connection } from '../../gateway/src/ledger/connection.ts';
import type { LedgerSession, RoleIdentity } from '../../gateway/src/ledger/ledger.ts';
import { UNLIMITED } from '../../gateway/src/limits.ts';
import { newLog } from '../../gateway/src/log.ts';
import type { KeyServer, Provider } from '../../gateway/src/roles.ts';
import {
  CertificateAuthority,
  privateKeyPem,
} from '../../network/devpeer/src/certificate-authority.ts';
import { CONFIG } from './consortium.ts';

const NAMES = ['Alder', 'Birch', 'Cedar'] as const;
type Name = (typeof NAMES)[number];
/** Who is certified from the start. */
const PARTIES: readonly RoleIdentity[] = [
  { mspId: 'Alder', role: 'agent' },
  { mspId: 'Birch', role: 'provider' },
  { mspId: 'Cedar', role: 'key-server' },
];

export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** Authorities of three organisations, and whom they have certified. */
export interface Authorities {
  readonly of: Readonly<Record<Name, CertificateAuthority>>;
  certified(mspId: Name, role: string): Promise<Identity>;
}

export async function newAuthorities(): Promise<Authorities> {
  const made = await Promise.all(NAMES.map((name) => CertificateAuthority.create(name)));
  const of = Object.fromEntries(made.map((one) => [one.mspId, one])) as Authorities['of'];
  return { of, certified: (mspId, role) => certifiedBy(of[mspId], role) };
}

export async function certifiedBy(
  authority: CertificateAuthority,
  role: string,
): Promise<Identity> {
  const { certificatePem, privateKey } = await authority.newCredentials(role, 'client', { role });
  return { cert: certificatePem, key: privateKeyPem(privateKey) };
}

export interface InnerStageParts {
  readonly authorities: Authorities;
  readonly keyServer?: KeyServer;
  readonly provider?: Provider;
  /** In place of the provider's. */
  readonly routes?: readonly InnerRoute[];
  /** Who calls the provider; Alder's agent unless given. */
  readonly as?: RoleIdentity;
  /** What the key server has announced on the ledger. */
  readonly announced?: KeyServerOrganisation;
  /** Lets everybody pass unless given. */
  readonly expectOwner?: ExpectOwner;
  /** Serial numbers that are revoked, as certificates have them. */
  readonly revoked?: Set<string>;
  /** Of both ends, milliseconds. */
  readonly nowMs?: () => number;
  readonly waits?: CallerParts['waits'];
  readonly aliveMs?: number;
  /** Other modules than the product's own, where given. */
  readonly newIdentify?: (rules: Parameters<typeof newIdentify>[0]) => Identify;
  readonly newInnerApp?: typeof newInnerApp;
  readonly newReach?: typeof newReach;
}

export interface InnerStage {
  /** Whom Alder's gateway reaches. */
  readonly keyServer: KeyServer;
  readonly provider: Provider;
  readonly url: string;
  /** The key server as a caller reaches it who says it is this identity, and holds that certificate. */
  keyServerAs(identity: RoleIdentity, held: Identity): KeyServer;
  /** What Alder's caller and Cedar's and Birch's door hold, to be changed. */
  readonly held: Map<string, Identity>;
  /** Tells both ends that something was revoked. */
  revokedMore(): void;
  stop(): Promise<void>;
  close(): Promise<void>;
}

const SERVED: readonly RoleIdentity[] = [
  { mspId: 'Cedar', role: 'key-server' },
  { mspId: 'Birch', role: 'provider' },
];

function routesOf(parts: InnerStageParts): InnerRoute[] {
  const { keyServer, provider, expectOwner = () => Promise.resolve() } = parts;
  return [
    presenceCall(SERVED),
    keyServerCall(new Map(keyServer && [[keyServer.mspId, keyServer]]), expectOwner),
    ...(parts.routes ?? (provider === undefined ? [] : providerCalls(provider, expectOwner))),
  ];
}

/** Cedar's key server and Birch's provider behind one door, and Alder's agent before it. */
export async function newInnerStage(parts: InnerStageParts): Promise<InnerStage> {
  const { authorities, revoked = new Set<string>(), nowMs = Date.now } = parts;
  const held = new Map<string, Identity>();
  const agent = { mspId: 'Alder', role: 'agent' } as const;
  const { as: caller = agent } = parts;
  for (const { mspId, role } of [...PARTIES, caller]) {
    held.set(`${mspId}/${role}`, await authorities.certified(mspId as Name, role));
  }
  let url = 'https://127.0.0.1:1';
  let version = 0;
  const connectionOf = (identities: ReadonlyMap<string, Identity>) => (): Connection => ({
    channel: 'holdfast',
    chaincode: 'holdfast',
    organisations: NAMES.map((mspId) => ({
      mspId,
      rootCert: authorities.of[mspId].rootCertificate,
      tlsRootCert: null,
      peerEndpoint: '127.0.0.1:1',
      caUrl: 'http://127.0.0.1:1',
      gatewayUrl: url,
      identities: Object.fromEntries(
        [...identities]
          .filter(([name]) => name.startsWith(`${mspId}/`))
          .map(([name, identity]) => [name.slice(mspId.length + 1), identity]),
      ),
    })),
  });
  const revocations = {
    version: () => version,
    expectUnrevoked(mspId: string, { serialNumber }: { readonly serialNumber: string }) {
      if (!revoked.has(serialNumber)) return;
      throw new HoldfastError('NOT_ALLOWED', `${mspId} has revoked the certificate`);
    },
  };
  const live = connectionOf(held);
  const roots = rootsOf(live().organisations);
  const rules = { roots, revocations, nowMs };
  const stopping = new AbortController();
  const metrics = { answered: () => undefined };
  const log = newLog('silent');
  const monotonicMs = () => performance.now();
  const app = (parts.newInnerApp ?? newInnerApp)({
    log,
    metrics,
    monotonicMs,
    config: CONFIG,
    identify: (parts.newIdentify ?? newIdentify)(rules),
    ...(parts.aliveMs === undefined ? {} : { aliveMs: parts.aliveMs }),
    routes: routesOf(parts),
    retryAfter: () => undefined,
  });
  const server = newHttpServer(UNLIMITED, undefined, innerTls(live, SERVED));
  url = await server.listen(app, '127.0.0.1', 0);

  const reachFrom = (connection: () => Connection): Reach =>
    (parts.newReach ?? newReach)({
      connection,
      revocations,
      identify: newIdentify(rules),
      monotonicMs,
      signal: stopping.signal,
      ...(parts.waits === undefined ? {} : { waits: parts.waits }),
    });
  const sessionOf = (identity: RoleIdentity) =>
    ({ ...identity, evaluate: async () => parts.announced }) as unknown as LedgerSession;
  const reach = reachFrom(live);
  return {
    keyServer: reach.keyServer('Cedar', sessionOf(agent)).role,
    provider: reach.provider('Birch', caller).role,
    url,
    keyServerAs(identity, own) {
      const identities = new Map([[`${identity.mspId}/${identity.role}`, own]]);
      const other = reachFrom(connectionOf(identities));
      return other.keyServer('Cedar', sessionOf(identity)).role;
    },
    held,
    revokedMore: () => void version++,
    stop: () => server.stop(),
    async close() {
      stopping.abort();
      await server.stop();
    },
  };
}
