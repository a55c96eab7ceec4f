/** Another organisation is taken into a channel that runs, with files on it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pinOrganisation } from '../../client/src/pin.ts';
import { addOrganisation } from '../../network/addition.mjs';
import { bringIntoForce, rulesOf } from '../../network/fabric/configure.mjs';
import { rootsOf } from '../../network/fabric/roots.mjs';
import { verify } from '../../network/fabric/verify.mjs';
import { definitionOf, openNetwork } from '../../network/network.mjs';
import { kill } from '../../network/processes.mjs';
import { startServers, serverName } from '../../network/fabric/chaincode.mjs';
import { openFabricTarget } from '../support/fabric-target.ts';
import { newSession } from '../support/ledger-target.ts';
import { openOwnerOnNetwork, type OwnerOnNetwork } from '../support/owner-on-network.ts';

const NETWORK = process.env['NETWORK'];
const quiet = async (_label: string, work: () => Promise<unknown>): Promise<void> => {
  await work();
};

(NETWORK === undefined ? describe.skip : describe)(
  `an organisation that comes later${NETWORK === undefined ? ' (npm run test:network)' : ''}`,
  () => {
    const run = NETWORK ?? '';
    let at: OwnerOnNetwork;

    beforeAll(async () => {
      at = await openOwnerOnNetwork();
      await at.put(10_000);
    }, 120_000);
    afterAll(() => at.close(), 60_000);

    it('is taken in while files are stored, with every block since the first', async () => {
      const adding = addOrganisation(openNetwork(run), 'Doubs', quiet);
      await at.put(10_000);
      await adding;
      const network = openNetwork(run);
      const { organisations } = network.fabric;
      expect(organisations.map(({ mspId }) => mspId)).toEqual(['Alder', 'Birch', 'Cedar', 'Doubs']);
      const { problems } = await verify(network.fabric, definitionOf(network));
      expect(problems).toEqual([]);
      await at.put(10_000);
      expect(await at.lost()).toEqual([]);
    }, 240_000);

    it('endorses with the others: with one of them away there is still a majority', async () => {
      const { fabric } = openNetwork(run);
      const definition = definitionOf(openNetwork(run));
      const birch = fabric.organisations.find(({ mspId }) => mspId === 'Birch');
      if (birch === undefined) throw new Error('no organisation Birch');
      await kill(fabric.folder, serverName(birch, definition));
      await at.put(10_000);
      await startServers(fabric, definition);
      expect(await at.lost()).toEqual([]);
    }, 120_000);

    it('plays no part until the operators vote, and then the one they voted', async () => {
      const { fabric } = openNetwork(run);
      const target = await openFabricTarget(run, 'holdfast');
      const identity = await target.newIdentity({ mspId: 'Doubs', role: 'owner' });
      const reads = () => newSession(target, identity).evaluate('accounts:config', '{}');
      // known to the ledger, or its peer would answer: access denied
      await expect(reads()).rejects.toThrow('Doubs holds no role owner here');

      const rules = await rulesOf(fabric, 'holdfast');
      const organisations = [...rules.organisations, { mspId: 'Doubs', roles: ['owner'] }];
      const next = { ...rules, version: rules.version + 1, organisations };
      const voters: string[] = [];
      const report = (mspId: string) => voters.push(mspId);
      expect(await bringIntoForce(fabric, 'holdfast', next, report)).toBe(true);
      // two of the three that had a vote are more than half
      expect(voters).toEqual(['Alder', 'Birch']);
      expect(await reads()).toContain('Doubs');
      expect(await at.lost()).toEqual([]);
      await at.put(10_000);
      await target.close();
    }, 60_000);

    it('a second one: its endorsements count for an owner who has pinned both', async () => {
      await addOrganisation(openNetwork(run), 'Elm', quiet);
      const { fabric } = openNetwork(run);
      const definition = definitionOf(openNetwork(run));
      // a gateway knows whom it knew at its start
      await at.pause();
      await at.resume();
      for (const organisation of fabric.organisations) {
        if (!['Birch', 'Cedar'].includes(organisation.mspId)) continue;
        await kill(fabric.folder, serverName(organisation, definition));
      }
      // three of five endorse, one of whom was there when the owner made its account
      await expect(at.owner.config()).rejects.toMatchObject({
        code: 'ANSWER_FALSE',
        detail: expect.stringMatching(/^1 organisations .*: (?:Doubs, Elm|Elm, Doubs)$/),
      });
      const { consortium, roots } = rootsOf(fabric);
      const { gateway } = at.owner.device;
      for (const { mspId, fingerprint } of roots) {
        await pinOrganisation({ home: at.home, gateway }, mspId, fingerprint);
      }
      await at.unlock();
      expect(at.owner.device.consortium).toMatchObject({ consortium });
      await at.put(10_000);
      await startServers(fabric, definition);
      expect(await at.lost()).toEqual([]);
    }, 240_000);
  },
);
