/** Certificates of a real Fabric CA: listed, renewed, taken back, while a gateway runs. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { identityOf, renewRoles, replaceRole, revoke } from '../../network/fabric/authority.mjs';
import { certificatesOf } from '../../network/fabric/certificates.mjs';
import { publishRevocations } from '../../network/fabric/channel-update.mjs';
import { writeConnection } from '../../network/fabric/connection.mjs';
import { openNetwork, type Network } from '../../network/network.mjs';
import { waitFor } from '../../network/processes.mjs';
import { openFabricTarget } from '../support/fabric-target.ts';
import { newSession } from '../support/ledger-target.ts';
import { openOwnerOnNetwork, type OwnerOnNetwork } from '../support/owner-on-network.ts';

const NETWORK = process.env['NETWORK'];
const ROLES = ['operator', 'agent', 'key-server', 'provider', 'delegate'];
/** Within which a gateway has to know. */
const KNOWN_MS = 60_000;

(NETWORK === undefined ? describe.skip : describe)(
  `certificates of a network${NETWORK === undefined ? ' (npm run test:network)' : ''}`,
  () => {
    let net: Network['fabric'];
    let at: OwnerOnNetwork;

    beforeAll(async () => {
      net = openNetwork(NETWORK ?? '').fabric;
      at = await openOwnerOnNetwork();
      await at.put(10_000);
    }, 120_000);
    afterAll(() => at.close(), 60_000);

    const organisation = (wanted: string) => {
      const found = net.organisations.find(({ mspId }) => mspId === wanted);
      if (found === undefined) throw new Error(`no organisation ${wanted}`);
      return found;
    };
    const alder = () => organisation('Alder');

    it('are all listed, the first to end first', () => {
      const listed = certificatesOf(net);
      const names = listed.map(({ path }) => path).join('\n');
      for (const { peer, name } of net.organisations) {
        expect(names).toContain(`peers/peer0.${name}.holdfast.test/msp/signcerts`);
        expect(names).toContain(`peers/peer0.${name}.holdfast.test/tls/server.crt`);
        for (const role of ROLES) {
          expect(names).toContain(`authority-${name}/clients/${role}/msp/signcerts`);
        }
        expect(peer).toContain(name);
      }
      const days = listed.map((one) => one.days);
      expect(days).toEqual(days.toSorted((a, b) => a - b));
      expect(days[0]).toBeGreaterThan(360);
      const [first] = certificatesOf(net, Date.now() + 400 * 86_400_000);
      expect(first?.days).toBeLessThan(0);
    });

    it('are renewed for the same keys, and the gateway goes on', async () => {
      const before = ROLES.map((role) => identityOf(net, alder(), role));
      expect(await renewRoles(net)).toEqual([]);
      writeConnection(net, 'holdfast');
      for (const [i, role] of ROLES.entries()) {
        const { cert, key } = identityOf(net, alder(), role);
        expect(key).toBe(before[i]?.key);
        expect(new X509Certificate(cert).serialNumber).not.toBe(
          new X509Certificate(before[i]?.cert ?? '').serialNumber,
        );
      }
      await at.put(10_000);
      expect(await at.lost()).toEqual([]);
    }, 120_000);

    it('are taken back of a role, which is played on under another name', async () => {
      const birch = organisation('Birch');
      const { key } = identityOf(net, birch, 'provider');
      await revoke(net, birch, { name: 'provider' });
      await publishRevocations(net, birch);
      // the control: under its own name it gets no other one
      expect(await renewRoles(net)).toEqual([expect.stringMatching(/^Birch provider has no new/)]);
      expect(await replaceRole(net, birch, 'provider')).toMatch(/^provider-\d+$/);
      expect(identityOf(net, birch, 'provider').key).not.toBe(key);
      expect(await renewRoles(net)).toEqual([]);
      writeConnection(net, 'holdfast');
      let fileId = '';
      const isTakenUp = () =>
        at.put(10_000).then(
          (file) => {
            ({ fileId } = file);
            return true;
          },
          (error: { code?: string }) => {
            if (error.code !== 'NOT_ALLOWED') throw error;
            return false;
          },
        );
      const patience = { patienceMs: KNOWN_MS, everyMs: 1_000 };
      await waitFor('the gateway to take it up', net.folder, isTakenUp, patience);
      // the provider's own transaction
      const { audit } = await at.owner.audit(fileId, { patienceMs: 180_000 });
      expect(audit).toMatchObject({ verdict: 'intact' });
      expect(await at.lost()).toEqual([]);
    }, 300_000);

    it('are taken back: within a minute the gateway refuses who had them', async () => {
      const owner = new X509Certificate(at.owner.device.certificate);
      const name = /CN=(.+)/.exec(owner.subject)?.[1] ?? '';
      // the control: until now it is let in
      expect((await at.owner.list()).files.length).toBeGreaterThan(0);
      await revoke(net, alder(), { name });
      expect(readFileSync(alder().crl, 'utf8')).toContain('BEGIN X509 CRL');
      const isRefused = async () => {
        const refusal = await at.owner.list().then(
          () => undefined,
          (error: { code?: string }) => error.code,
        );
        return refusal === 'NOT_ALLOWED';
      };
      await waitFor('the gateway to refuse', net.folder, isRefused, {
        patienceMs: KNOWN_MS,
        everyMs: 500,
      });
      await expect(at.put(10_000)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    }, 120_000);

    it('are refused by the ledger itself once the channel says so', async () => {
      const target = await openFabricTarget(NETWORK ?? '', 'holdfast');
      const identity = await target.newIdentity({ mspId: 'Alder', role: 'owner' });
      const session = newSession(target, identity);
      const reads = () => session.evaluate('accounts:config', '{}');
      const { subject } = new X509Certificate(identity.certificatePem);
      await revoke(net, alder(), { name: /CN=(.+)/.exec(subject)?.[1] ?? '' });
      // the control: peers know nothing of the authority's list by itself
      expect(await reads()).toContain('slotSeconds');
      await publishRevocations(net, alder());
      const isRefused = () =>
        reads().then(
          () => false,
          (error: Error) => error.message.includes('access denied'),
        );
      await waitFor('the peer to refuse', net.folder, isRefused);
      await expect(reads()).rejects.toThrow('access denied');
      const other = await target.newIdentity({ mspId: 'Alder', role: 'owner' });
      expect(await newSession(target, other).evaluate('accounts:config', '{}')).toContain('slot');
      await target.close();
    }, 60_000);
  },
);
