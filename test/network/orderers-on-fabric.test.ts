/** A real network, whichever way its orderers agree: files go in, are audited and come back, with any one of them away. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { leaderOf } from '../../network/fabric/nodes.mjs';
import { openNetwork, type Network } from '../../network/network.mjs';
import { kill } from '../../network/processes.mjs';
import { openOwnerOnNetwork, type OwnerOnNetwork } from '../support/owner-on-network.ts';
import { runAgain } from '../support/run-again.ts';

const NETWORK = process.env['NETWORK'];
const SIZE = 300_000;

(NETWORK === undefined ? describe.skip : describe)(
  `orderers of a network${NETWORK === undefined ? ' (npm run test:network)' : ''}`,
  () => {
    let at: OwnerOnNetwork;
    let net: Network;

    beforeAll(async () => {
      net = openNetwork(NETWORK ?? '');
      at = await openOwnerOnNetwork();
    }, 120_000);
    afterAll(() => at.close(), 60_000);

    it('order what a file needs: it goes in, is audited, and comes back', async () => {
      const { orderers, consensus } = net.fabric;
      expect(orderers).toHaveLength(consensus === 'bft' ? 4 : 3);
      const { fileId } = await at.put(SIZE);
      const { audit } = await at.owner.audit(fileId, { patienceMs: 120_000 });
      expect(audit).toMatchObject({ verdict: 'intact', independent: true });
      expect(await at.lost()).toEqual([]);
    }, 240_000);

    it('go on without any one of them, the leader among them', async () => {
      const { fabric } = net;
      let ledOnce = false;
      for (const { name } of fabric.orderers) {
        const led = (await leaderOf(fabric))?.name === name;
        await kill(fabric.folder, name);
        await at.put(SIZE);
        expect((await leaderOf(fabric))?.name).not.toBe(name);
        ledOnce ||= led;
        await runAgain(net);
      }
      expect(ledOnce).toBe(true);
      expect(await at.lost()).toEqual([]);
    }, 400_000);
  },
);
