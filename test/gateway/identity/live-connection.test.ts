/** The connection file while a gateway runs: what may be renewed in it, and what leaves all as it was. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { newRenewedConnection } from '../../../gateway/src/identity/live-connection.ts';
import type { Connection } from '../../../gateway/src/ledger/connection.ts';
import { connectPeers } from '../../../gateway/src/ledger/ledger-link.ts';
import { newLog } from '../../../gateway/src/log.ts';
import {
  CertificateAuthority,
  privateKeyPem,
} from '../../../network/devpeer/src/certificate-authority.ts';

let alder: CertificateAuthority;
let birch: CertificateAuthority;
let first: Connection;

const identity = async (authority: CertificateAuthority, role: string) => {
  const { certificatePem, privateKey } = await authority.newCredentials(role, 'client', { role });
  return { cert: certificatePem, key: privateKeyPem(privateKey) };
};
const connectionWith = (
  agent: { cert: string; key: string },
  gatewayUrl: string | null = null,
): Connection => ({
  channel: 'holdfast',
  chaincode: 'holdfast',
  organisations: [
    {
      mspId: 'Alder',
      rootCert: alder.rootCertificate,
      tlsRootCert: null,
      peerEndpoint: '127.0.0.1:1',
      caUrl: 'http://127.0.0.1:1',
      gatewayUrl,
      identities: { agent },
    },
    {
      mspId: 'Birch',
      rootCert: birch.rootCertificate,
      tlsRootCert: null,
      peerEndpoint: '127.0.0.1:1',
      caUrl: 'http://127.0.0.1:1',
      gatewayUrl,
      identities: {},
    },
  ],
});

beforeAll(async () => {
  alder = await CertificateAuthority.create('Alder');
  birch = await CertificateAuthority.create('Birch');
  first = connectionWith(await identity(alder, 'agent'));
});

/** What the connection is after a look at a file that reads so. */
async function lookedAt(read: () => Promise<Connection>, nowMs = Date.now()): Promise<Connection> {
  const log = newLog('silent');
  const connection = newRenewedConnection({ first, read, log, nowMs: () => nowMs });
  await connection.look();
  return connection.current();
}

describe('a connection file that changes', () => {
  it('renews an identity, and says where gateways are now', async () => {
    const next = connectionWith(await identity(alder, 'agent'), 'https://localhost:7071');
    expect(await lookedAt(async () => next)).toEqual(next);
  });

  it.each<[string, () => Promise<Connection>]>([
    [
      'another organisation’s certificate',
      async () => connectionWith(await identity(birch, 'agent')),
    ],
    ['another role’s', async () => connectionWith(await identity(alder, 'provider'))],
    [
      'one without its key',
      async () => connectionWith({ ...(await identity(alder, 'agent')), key: agentKey() }),
    ],
    ['no certificate', async () => connectionWith({ cert: '-----BEGIN X-----', key: agentKey() })],
    ['no file', () => Promise.reject(new Error('ENOENT'))],
  ])('renews nothing with %s', async (_, read) => {
    expect(await lookedAt(read)).toBe(first);
  });

  it('renews nothing with a certificate that has ended', async () => {
    const next = connectionWith(await identity(alder, 'agent'));
    expect(await lookedAt(async () => next, Date.now() + 400 * 86_400_000)).toBe(first);
  });

  it('takes no other roots, organisations or roles from it', async () => {
    const next = connectionWith(await identity(birch, 'agent'));
    const [alders, birches] = next.organisations;
    if (alders === undefined || birches === undefined) throw new Error('two organisations');
    const changed = {
      ...next,
      organisations: [
        {
          ...alders,
          rootCert: birch.rootCertificate,
          identities: first.organisations[0]?.identities ?? {},
        },
        { ...birches, identities: { provider: await identity(birch, 'provider') } },
        { ...birches, mspId: 'Cedar' },
      ],
    };
    expect(await lookedAt(async () => changed)).toEqual(first);
  });
});

describe('a ledger link', () => {
  it('signs under the renewed certificate from then on', async () => {
    let current = first;
    const link = connectPeers(() => current);
    const shown = () =>
      Buffer.from(
        link.gatewayAs({ mspId: 'Alder', role: 'agent' }).getIdentity().credentials,
      ).toString();
    const certOf = () => current.organisations[0]?.identities.agent?.cert;
    expect(shown()).toBe(certOf());
    current = connectionWith(await identity(alder, 'agent'));
    expect(shown()).toBe(certOf());
    await link.close();
  });
});

const agentKey = (): string => first.organisations[0]?.identities.agent?.key ?? '';
