/** A device that has an owner and its pins, and a gateway that tells whatever consortium it likes. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { base64url } from '@holdfast/protocol/bytes.js';
import { numberOf, type Organisation } from '../../client/src/consortium.ts';
import { writeDevice } from '../../client/src/device-file.ts';
import { answerWith } from './forged-answers.ts';

export const CHANNEL = 'holdfast';

/** Name and root alone, as they are told and pinned. */
const plain = (organisations: readonly Organisation[]): Organisation[] =>
  organisations.map(({ mspId, rootCertificate }) => ({ mspId, rootCertificate }));

/** The home of an owner of Alder who has pinned these. */
export async function pinnedDevice(organisations: readonly Organisation[]): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'holdfast-pinned-'));
  await writeDevice(home, {
    version: 1,
    gateway: 'http://127.0.0.1:9',
    ownerId: 'ab'.repeat(32),
    mspId: 'Alder',
    certificate: 'of the owner',
    consortium: {
      channel: CHANNEL,
      chaincode: 'holdfast',
      consortium: numberOf(CHANNEL, organisations),
      organisations: plain(organisations),
      development: false,
    },
    opened: true,
    seed: {
      version: 1,
      salt: base64url(new Uint8Array(16)),
      iv: base64url(new Uint8Array(12)),
      ciphertext: base64url(new Uint8Array(48)),
    },
  });
  return home;
}

/** From now on a gateway tells these, until it is made honest again. */
export const gatewayTells = (
  organisations: readonly Organisation[],
  changes: Readonly<Record<string, unknown>> = {},
): void =>
  answerWith(async () =>
    Response.json({
      channel: CHANNEL,
      chaincode: 'holdfast',
      consortium: numberOf(CHANNEL, organisations),
      agent: 'Alder',
      organisations: plain(organisations),
      development: false,
      ...changes,
    }),
  );
