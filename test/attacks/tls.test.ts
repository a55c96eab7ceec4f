/** Who stands between a gateway and its peers. */
import 'reflect-metadata';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import * as x509 from '@peculiar/x509';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import * as connections from '../../gateway/src/ledger/connection.ts';
import { newFabricLedger } from '../../gateway/src/ledger/fabric-ledger.ts';
import * as links from '../../gateway/src/ledger/ledger-link.ts';
import { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { attack, outcomeOf } from '../support/attack.ts';
import { variantOf } from '../support/attack-variant.ts';

const AGENT = { mspId: 'Alder', role: 'agent' } as const;
const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate for TLS under this root, and its key. */
async function serverFor(root: CertificateAuthority, host: string) {
  const keys = await crypto.subtle.generateKey(P256, true, ['sign', 'verify']);
  const der = createPrivateKey(root.privateKeyPem).export({ type: 'pkcs8', format: 'der' });
  const signingKey = await crypto.subtle.importKey('pkcs8', der, P256, false, ['sign']);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${host}`,
    issuer: new x509.X509Certificate(root.rootCertificate).subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: P256,
    notBefore: new Date(now - 60_000),
    notAfter: new Date(now + 3_600_000),
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: host }]),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64')}\n-----END PRIVATE KEY-----\n`;
  return { cert: certificate.toString('pem'), key };
}

/** Calls a ledger behind somebody who answers with this certificate: how much of a call he is shown. */
async function shownTo(
  { connectPeers }: typeof links,
  pinned: CertificateAuthority,
  certificate: { readonly cert: string; readonly key: string },
): Promise<number> {
  let seen = 0;
  const middle = createSecureServer(certificate);
  middle.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Uint8Array) => (seen += chunk.length));
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' });
    stream.end();
  });
  middle.on('sessionError', () => undefined);
  middle.listen(0, '127.0.0.1');
  await once(middle, 'listening');
  const { port } = middle.address() as AddressInfo;
  const authority = await CertificateAuthority.create('Alder');
  const agent = await authority.newCredentials('agent', 'client', { role: 'agent' });
  const key = agent.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const connection = {
    channel: 'holdfast',
    chaincode: 'holdfast',
    organisations: [
      {
        mspId: 'Alder',
        rootCert: authority.rootCertificate,
        tlsRootCert: pinned.rootCertificate,
        peerEndpoint: `127.0.0.1:${port}`,
        hostAlias: 'peer0.alder',
        caUrl: 'https://127.0.0.1',
        identities: { agent: { cert: agent.certificatePem, key } },
      },
    ],
  };
  const link = connectPeers(() => connection);
  const session = newFabricLedger(link, AGENT).as(AGENT);
  await session.evaluate('accounts:config', {}, AbortSignal.timeout(5_000)).catch((problem) => {
    if (!(problem instanceof HoldfastError)) throw problem;
  });
  await link.close();
  middle.close();
  return seen;
}

attack({
  id: 'T61',
  attack: 'somebody between gateway and peer, under his own root or under another name',
  defence: 'TLS under the pinned root, and the name of the peer',
  defended: () => links,
  undefended: () =>
    variantOf<typeof links>('gateway/src/ledger/ledger-link.ts', {
      file: 'gateway/src/ledger/ledger-link.ts',
      from: 'credentials.createSsl(Buffer.from(tlsRootCert));',
      to: `credentials.createSsl(Buffer.from(tlsRootCert), null, null, {
        rejectUnauthorized: false,
        checkServerIdentity: () => undefined,
      });`,
    }),
  async run(world) {
    const [root, own] = [
      await CertificateAuthority.create('Alder'),
      await CertificateAuthority.create('Alder'),
    ];
    const honest = await shownTo(world, root, await serverFor(root, 'peer0.alder'));
    if (honest === 0) throw new Error('bug: the peer itself is shown nothing');
    const shown = [
      await shownTo(world, root, await serverFor(own, 'peer0.alder')),
      await shownTo(world, root, await serverFor(root, 'peer0.mallory')),
    ].filter((bytes) => bytes > 0).length;
    return outcomeOf(shown > 0, `${shown} of 2 shown the call`, '0 of 2 shown the call');
  },
});

attack({
  id: 'T61',
  attack: 'a peer or an authority elsewhere, reached in clear',
  defence: 'in clear on loopback only',
  defended: () => connections,
  undefended: () =>
    variantOf<typeof connections>('gateway/src/ledger/connection.ts', {
      file: 'gateway/src/ledger/connection.ts',
      from: "['127.0.0.1', 'localhost', '[::1]'].includes(host)",
      to: "typeof host === 'string'",
    }),
  async run({ parseConnection }) {
    const pem = '-----BEGIN CERTIFICATE-----';
    const file = (peerEndpoint: string, caUrl: string) => {
      const one = { mspId: 'Alder', rootCert: pem, tlsRootCert: null, peerEndpoint, caUrl };
      const organisations = [{ ...one, identities: {} }];
      return JSON.stringify({ channel: 'holdfast', chaincode: 'holdfast', organisations });
    };
    parseConnection(file('127.0.0.1:7051', 'http://127.0.0.1:7054'), 'on loopback');
    const taken = [
      file('10.0.0.7:7051', 'http://127.0.0.1:7054'),
      file('peer0.alder.example:7051', 'http://127.0.0.1:7054'),
      file('127.0.0.1.example:7051', 'http://127.0.0.1:7054'),
      file('127.0.0.1:7051', 'http://ca.alder.example'),
      file('127.0.0.1:7051', 'http://127.0.0.1@ca.alder.example'),
    ].filter((text) => {
      try {
        parseConnection(text, 'elsewhere');
        return true;
      } catch (problem) {
        if (problem instanceof HoldfastError) return false;
        throw problem;
      }
    });
    return outcomeOf(taken.length > 0, `${taken.length} of 5 taken`, '0 of 5 taken');
  },
});
