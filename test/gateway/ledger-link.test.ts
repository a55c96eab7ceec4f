/** The way to a peer: who answers too late or not at all, who we are there, and the file that says where it is. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { parseConnection } from '../../gateway/src/ledger/connection.ts';
import { newFabricLedger } from '../../gateway/src/ledger/fabric-ledger.ts';
import { connectPeers } from '../../gateway/src/ledger/ledger-link.ts';
import { lowS } from '../../gateway/src/ledger/signer.ts';
import {
  CertificateAuthority,
  type Credentials,
} from '../../network/devpeer/src/certificate-authority.ts';
import { connectionOf } from '../support/connection.ts';
import { refusalOf, refusalOfAsync } from '../support/refusal.ts';

const AGENT = { mspId: 'Alder', role: 'agent' } as const;
const { signal } = new AbortController();
let agent: Credentials;
beforeAll(async () => {
  agent = await (await CertificateAuthority.create('Alder')).newCredentials('agent', 'client');
});

describe('a peer that does not answer', () => {
  it('is named as such', async () => {
    const link = connectPeers(() => connectionOf('127.0.0.1:1', agent));
    const session = newFabricLedger(link, AGENT).as(AGENT);
    const refusal = await refusalOfAsync(session.evaluate('accounts:config', {}, signal));
    expect(refusal.code).toBe('LEDGER_UNREACHABLE');
    await link.close();
  });

  it('holds nobody up although it takes the connection, by whichever call', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).resume());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const deadlines = { evaluate: 200, endorse: 200, submit: 200, commitStatus: 200 };
    const link = connectPeers(() => connectionOf(`127.0.0.1:${port}`, agent), deadlines);
    try {
      const silent = newFabricLedger(link, AGENT);
      const session = silent.as(AGENT);
      const calls = [
        session.evaluate('accounts:config', {}, signal),
        session.submit('beacons:tick', { epoch: 1 }, signal),
        silent.ledgerBlock(1, signal),
      ];
      const began = performance.now();
      for (const call of calls.map(refusalOfAsync)) {
        expect(await call).toMatchObject({ code: 'LEDGER_UNREACHABLE' });
      }
      // who waits until a deadline does not begin again
      expect(performance.now() - began).toBeLessThan(1_500);
    } finally {
      await link.close();
      server.close();
    }
  });

  it('has no role that the connection file does not hold', () => {
    const link = connectPeers(() => connectionOf('127.0.0.1:1', agent));
    expect(refusalOf(() => link.gatewayAs({ mspId: 'Alder', role: 'provider' })).code).toBe(
      'NOT_ALLOWED',
    );
  });
});

describe('a signature for Fabric', () => {
  const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const raw = (s: bigint) =>
    Buffer.from(`${'80'.padEnd(64, '0')}${s.toString(16).padStart(64, '0')}`, 'hex');

  it('has the smaller s, in DER', () => {
    expect(lowS(raw(ORDER - 5n))).toEqual(lowS(raw(5n)));
    expect(hex(lowS(raw(5n)))).toBe(`3026022100${'80'.padEnd(64, '0')}020105`);
    expect(hex(lowS(raw(0x80n)))).toBe(`3027022100${'80'.padEnd(64, '0')}02020080`);
  });
});

describe('a connection file', () => {
  it.each([
    ['/organisations/0/peerEndpoint', (text: string) => text.replace('127.0.0.1:1"', 'nowhere"')],
    ['/organisations/0/rootCert', (text: string) => text.replace('-----BEGIN', '-----END')],
    [
      '/organisations/0/gatewayUrl',
      (text: string) => text.replace('"caUrl"', '"gatewayUrl":"http://elm.example:7071","caUrl"'),
    ],
    ['/organisations', (text: string) => text.replace(/"organisations":.*/, '"organisations":[]}')],
  ])('is refused where %s is wrong', (pointer, change) => {
    const text = JSON.stringify(connectionOf('127.0.0.1:1', agent));
    expect(refusalOf(() => parseConnection(change(text), 'file')).pointer).toBe(pointer);
  });
});
