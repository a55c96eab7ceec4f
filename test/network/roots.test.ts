/** What operators read aloud is what owners' devices compute. */
import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { rootCertificate } from '../../network/fabric/authority.mjs';
import { fabricLayout } from '../../network/fabric/layout.mjs';
import { rootsOf } from '../../network/fabric/roots.mjs';
import { readPins } from '../../client/src/pin.ts';
import { newOrganisation } from '../client/test-consortium.ts';
import { answerHonestly } from '../support/forged-answers.ts';
import { CHANNEL, gatewayTells, pinnedDevice } from '../support/pinned-device.ts';

const NAMES = ['Alder', 'Birch', 'Doubs'];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-roots-'));
});
afterEach(answerHonestly);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('the number and the fingerprints of the roots are the same at operators and owners', async () => {
  const organisations = await Promise.all(NAMES.map(newOrganisation));
  const net = fabricLayout({ folder, organisations: NAMES, channel: CHANNEL, consensus: 'raft' });
  for (const [i, organisation] of net.organisations.entries()) {
    const path = rootCertificate(organisation);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, organisations[i]?.pem ?? '');
  }
  const { consortium, roots } = rootsOf(net);
  expect(roots.map(({ mspId }) => mspId)).toEqual(NAMES);
  expect(roots.map(({ fingerprint }) => fingerprint)).toEqual(
    organisations.map(({ pem }) =>
      new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase(),
    ),
  );
  const home = await pinnedDevice(organisations);
  gatewayTells(organisations);
  const pins = await readPins({ home });
  expect(pins.pinned).toEqual(roots);
  expect(pins.consortium.consortium).toBe(consortium);
  await rm(home, { recursive: true });
});
