/** What a gateway gains of organisations that are not pinned: those that it invents, and the roots that it tells of others. */
import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterEach } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { readDevice } from '../../client/src/device-file.ts';
import * as pins from '../../client/src/pin.ts';
import { newSigningKey } from '../../client/src/signing-key.ts';
import { newOrganisation, type TestOrganisation } from '../client/test-consortium.ts';
import { attack, failure, outcomeOf } from '../support/attack.ts';
import * as relays from '../support/attack-relay.ts';
import { variantOf } from '../support/attack-variant.ts';
import { answerHonestly } from '../support/forged-answers.ts';
import { gatewayTells, pinnedDevice } from '../support/pinned-device.ts';

/** Three that are pinned, two that joined since, and two of the same names that the gateway of Alder has made. */
const parties = (async () => {
  const made = (...names: string[]) => Promise.all(names.map(newOrganisation));
  const key = await newSigningKey(new Uint8Array(32).fill(9));
  const founders = await made('Alder', 'Birch', 'Cedar');
  const joined = await made('Doubs', 'Elm');
  return { key, founders, joined, invented: await made('Doubs', 'Elm') };
})();

afterEach(answerHonestly);

const codeOf = (problem: unknown): string => {
  if (problem instanceof HoldfastError) return problem.code;
  throw problem;
};

const FORGED = { epoch: 9, value: 'ab'.repeat(32), delegate: 'Alder', signature: 'A'.repeat(64) };

/** The epoch that an owner of these pins believes when Alder and what it invented endorse a false one; or why none. */
async function believed(
  { newRelay }: Pick<typeof relays, 'newRelay'>,
  organisations: readonly TestOrganisation[],
): Promise<string> {
  const { key, founders, invented } = await parties;
  const endorsers = [...founders.slice(0, 1), ...invented].map((each) => each.peer);
  const { ledger } = newRelay({ organisations, key, endorsers, results: [FORGED] });
  return ledger.read('beacons:current', {}).then(({ epoch }) => `epoch ${epoch} believed`, codeOf);
}

attack({
  id: 'row 4',
  attack: 'one organisation’s gateway adds endorsers of organisations that it has invented',
  defence: 'an endorser that is not pinned counts for nothing',
  defended: () => relays,
  undefended: () =>
    variantOf<typeof relays>('test/support/attack-relay.ts', {
      file: 'client/src/endorsement-checks.ts',
      from: '  if (root === undefined) return undefined;',
      to: '  if (root === undefined) return mspId;',
    }),
  async run(world) {
    const said = await believed(world, (await parties).founders);
    return outcomeOf(said === 'epoch 9 believed', said, said);
  },
});

attack({
  id: 'row 4',
  attack:
    'one organisation’s gateway tells roots of its own for two that joined, and is a majority',
  defence: 'a root is pinned by the fingerprint that its operator told',
  defended: () => pins,
  undefended: () =>
    variantOf<typeof pins>('client/src/pin.ts', {
      file: 'client/src/pin.ts',
      from: '  mustBe(await fingerprintOf(added), wanted);',
      to: '  void [mustBe, wanted];',
    }),
  async run({ pinOrganisation }) {
    const { founders, joined, invented } = await parties;
    const home = await pinnedDevice(founders);
    try {
      gatewayTells([...founders, ...invented]);
      const refusals = new Set<string>();
      for (const { mspId, pem } of joined) {
        const told = new X509Certificate(pem).fingerprint256;
        await pinOrganisation({ home }, mspId, told).catch((error: unknown) =>
          refusals.add(codeOf(error)),
        );
      }
      const kept = (await readDevice(home))?.consortium.organisations ?? [];
      const organisations = [...founders, ...invented].filter(({ rootCertificate }) =>
        kept.some((one) => one.rootCertificate === rootCertificate),
      );
      const said = await believed(relays, organisations);
      if (refusals.size > 0 && kept.length > founders.length) throw new Error('bug: one of two');
      return said === 'epoch 9 believed' ? outcomeOf(true, said, '') : failure(said);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  },
});
