/**
 * Figures of a real network, for `npm run bench -- network`: an audit of 460 blocks from a Kubo node, a hundred owners at
 * once, and what registering a file costs beside a write of nothing. They go to the file that FIGURES names.
 */
import { createPrivateKey } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import type { Client } from '@grpc/grpc-js';
import type { Contract } from '@hyperledger/fabric-gateway';
import { beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { newSigner } from '../../network/devpeer/src/signature.ts';
import { openNetwork } from '../../network/network.mjs';
import { providerAnnouncement } from '../support/consortium.ts';
import type { ConnectionFile } from '../support/dev-peer-process.ts';
import { newClient } from '../support/dev-peer-target.ts';
import { openFabricTarget } from '../support/fabric-target.ts';
import { type LedgerTarget, textOf } from '../support/ledger-target.ts';
import { connectWith, type TestIdentity } from '../support/memory-ledger.ts';
import { newTestFile, newTestOwner, type TestOwner } from '../support/owner-of-files.ts';
import { openOwnerOnNetwork } from '../support/owner-on-network.ts';

const NETWORK = process.env['NETWORK'];
const FIGURES = process.env['FIGURES'];
const OWNERS = 100;
const BLOCKS = 460;
const BLOCK_SIZE = 262_144;
const ROUNDS = 3;
type Signing = Pick<TestIdentity, 'mspId' | 'certificatePem' | 'signer'>;

const isAsked = NETWORK !== undefined && FIGURES !== undefined;

const tell = (figure: object): void => {
  if (FIGURES !== undefined) appendFileSync(FIGURES, `${JSON.stringify(figure)}\n`);
};
/** The provider's identity, which the connection file holds. */
function providerOf({ organisations }: ConnectionFile): Signing {
  const birch = organisations.find(({ mspId }) => mspId === 'Birch');
  const identity = birch?.identities['provider'];
  if (birch === undefined || identity === undefined) throw new Error('no provider');
  const sign = newSigner(createPrivateKey(identity.key));
  return {
    mspId: birch.mspId,
    certificatePem: identity.cert,
    signer: (message) => Promise.resolve(sign(message)),
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

(isAsked ? describe : describe.skip)(
  `figures of a network${isAsked ? '' : ' (npm run bench -- network)'}`,
  () => {
    it(`audits ${BLOCKS} blocks from a Kubo node`, async () => {
      const at = await openOwnerOnNetwork();
      try {
        const { fileId, nodes } = await at.put(BLOCKS * BLOCK_SIZE);
        const taken: number[] = [];
        for (let round = 0; round <= ROUNDS; round++) {
          const options = { node: nodes[0] ?? '', blocks: 'all' } as const;
          const { verdict, sampled, durationMs } = await at.owner.challenge(fileId, options);
          expect({ verdict, sampled }).toEqual({ verdict: 'intact', sampled: BLOCKS });
          if (round > 0) taken.push(durationMs / 1000);
        }
        tell({ what: 'audit of 460 blocks from Kubo', seconds: median(taken) });
      } finally {
        await at.close();
      }
    }, 400_000);

    describe('a hundred owners', () => {
      let target: LedgerTarget;
      let clients: readonly Client[];
      let owners: readonly TestOwner[];

      /** The contract as an identity calls it, by way of one peer or another. */
      const contractOf = (by: Signing, chaincode: string, turn = 0): Contract => {
        const client = clients[turn % clients.length];
        if (client === undefined) throw new Error('no peer');
        return connectWith(client, by).getNetwork(target.channel).getContract(chaincode);
      };
      const submit = async (contract: Contract, name: string, args: readonly string[]) => {
        const sent = await contract.submitAsync(name, { arguments: [...args] });
        return sent.getStatus();
      };
      const codes = async (sent: Promise<{ readonly code: number }>[]) =>
        [...new Set((await Promise.all(sent)).map(({ code }) => code))].join();

      beforeAll(async () => {
        const { fabric } = openNetwork(NETWORK ?? '');
        target = await openFabricTarget(NETWORK ?? '', 'holdfast');
        const connection = JSON.parse(readFileSync(fabric.connection, 'utf8')) as ConnectionFile;
        clients = connection.organisations.map((one) =>
          newClient({ ...connection, organisations: [one] }),
        );
        // registrations come with acceptances of a provider whose secret the test knows
        await submit(contractOf(providerOf(connection), 'holdfast'), 'accounts:announce', [
          JSON.stringify({ announcement: providerAnnouncement() }),
        ]);
        const identities = await Promise.all(
          Array.from({ length: OWNERS }, () =>
            target.newIdentity({ mspId: 'Alder', role: 'owner' }),
          ),
        );
        const [first, ...others] = identities;
        if (first === undefined) throw new Error('no owner');
        const model = await newTestOwner(first, 'owner 0');
        owners = [
          model,
          ...(await Promise.all(
            others.map((identity, i) => newTestOwner(identity, `owner ${i + 1}`, model)),
          )),
        ];
      }, 200_000);
      afterAll(async () => {
        for (const client of clients) client.close();
        await target.close();
      });

      it('open their accounts at once, without a conflict', async () => {
        const opened = owners.map(({ identity, opening }, i) =>
          submit(contractOf(identity, 'holdfast', i), 'accounts:open', [JSON.stringify(opening)]),
        );
        expect(await codes(opened)).toBe('0');
      }, 120_000);

      it('register files at once, without a conflict, at no less than 0.6 of empty writes', async () => {
        const epoch = await epochNow();
        const ratios: number[] = [];
        const rates = { registered: [] as number[], empty: [] as number[] };
        const small = { epoch, blockCount: 1, blockLength: 62 };
        for (let round = 0; round < ROUNDS; round++) {
          const files = await Promise.all(owners.map((owner) => newTestFile(owner, small)));
          const empty = await perSecond(() =>
            owners.map(({ identity }, i) =>
              submit(contractOf(identity, 'ledger-contract', i), 'put', [`e${round}/${i}`, '']),
            ),
          );
          const registered = await perSecond(() =>
            owners.map(({ identity }, i) =>
              submit(contractOf(identity, 'holdfast', i), 'files:register', [
                JSON.stringify(files[i]?.registration),
              ]),
            ),
          );
          rates.empty.push(empty);
          rates.registered.push(registered);
          ratios.push(registered / empty);
        }
        tell({
          what: 'share and register',
          ratio: median(ratios),
          registered: median(rates.registered),
          empty: median(rates.empty),
          owners: OWNERS,
        });
        expect(median(ratios)).toBeGreaterThanOrEqual(0.6);
      }, 300_000);

      async function epochNow(): Promise<number> {
        const [asking] = owners;
        if (asking === undefined) throw new Error('no owner');
        const contract = contractOf(asking.identity, 'holdfast');
        const answer = await contract.evaluateTransaction('beacons:current', '{}');
        return (JSON.parse(textOf(answer)) as { epoch: number }).epoch;
      }

      /** Transactions a second, of as many as there are owners, all sent at once. */
      async function perSecond(send: () => Promise<{ readonly code: number }>[]): Promise<number> {
        const began = performance.now();
        expect(await codes(send())).toBe('0');
        return OWNERS / ((performance.now() - began) / 1000);
      }
    });
  },
);
