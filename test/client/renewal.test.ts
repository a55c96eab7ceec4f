/** A certificate that ends soon: who renews it, and who would make another owner of the same key. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { consortiumNumber, ownerId } from '@holdfast/protocol/ids.js';
import { certificateBytes, certificateEnd } from '../../client/src/certificate.ts';
import { numberOf, type Organisation } from '../../client/src/consortium.ts';
import { readDevice, type Device } from '../../client/src/device-file.ts';
import { renewed } from '../../client/src/renewal.ts';
import { openKeys, type OwnerKeys } from '../../client/src/session.ts';
import { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { answerHonestly, answerWith } from '../support/forged-answers.ts';

const NAMES = ['Alder', 'Cedar'] as const;
type Name = (typeof NAMES)[number];
const GATEWAY = 'http://127.0.0.1:9';
const DAY_MS = 86_400_000;

let keys: OwnerKeys;
let authorities: Record<Name, CertificateAuthority>;
let device: Device;
let home: string;

const certified = (name: Name): Promise<string> =>
  authorities[name].issue({
    name: 'owner',
    unit: 'client',
    publicKey: keys.key.spki,
    attributes: {},
  });

beforeAll(async () => {
  keys = await openKeys(new Uint8Array(32).fill(7));
  const [alder, cedar] = await Promise.all(NAMES.map((name) => CertificateAuthority.create(name)));
  if (alder === undefined || cedar === undefined) throw new Error('two were made');
  authorities = { Alder: alder, Cedar: cedar };
  const organisations = NAMES.map((mspId) => ({
    mspId,
    rootCertificate: authorities[mspId].rootCertificate,
  }));
  const pins = organisations.map(({ mspId, rootCertificate }) => ({
    mspId,
    rootCertificate: certificateBytes(rootCertificate),
  }));
  const address = { channel: 'holdfast', chaincode: 'holdfast' };
  const consortium = consortiumNumber(address.channel, pins);
  device = {
    gateway: GATEWAY,
    ownerId: hex(ownerId('Alder', keys.key.spki)),
    mspId: 'Alder',
    certificate: await certified('Alder'),
    consortium: { ...address, consortium, organisations, development: true },
  } as unknown as Device;
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-renewal-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  answerHonestly();
  await rm(home, { recursive: true, force: true });
});

/** So many days before the certificate ends. */
function daysLeft(days: number): void {
  const now = certificateEnd(device.certificate) - days * DAY_MS;
  jest.spyOn(Date, 'now').mockReturnValue(now);
}

/** A gateway that says whose it is, and enrols with an authority; how often it enrolled. */
function gatewayOf(
  agent: Name,
  authority: Name = agent,
  joined: readonly Organisation[] = [],
): () => number {
  let enrolled = 0;
  answerWith(async ({ path }) => {
    if (path === '/v1/network') {
      const { channel, organisations } = device.consortium;
      const told = [...organisations, ...joined];
      const consortium = numberOf(channel, told);
      return Response.json({ ...device.consortium, organisations: told, consortium, agent });
    }
    enrolled++;
    return Response.json({
      ownerId: hex(ownerId(authority, keys.key.spki)),
      mspId: authority,
      certificate: await certified(authority),
      credits: [],
    });
  });
  return () => enrolled;
}
const renew = () => renewed(home, device, GATEWAY, keys.key);

describe('a certificate', () => {
  it('is left alone while it lasts', async () => {
    daysLeft(31);
    expect(await renew()).toBe(device);
  });

  it('that ends soon is renewed by a gateway of the same organisation', async () => {
    daysLeft(29);
    gatewayOf('Alder');
    const { certificate, ...rest } = await renew();
    expect(certificate).not.toBe(device.certificate);
    expect({ ...rest, certificate: device.certificate }).toEqual(device);
  });

  it('is renewed where another organisation has joined since, which is not pinned by it', async () => {
    daysLeft(29);
    const { consortium } = device;
    const { mspId, rootCertificate } = await CertificateAuthority.create('Doubs');
    gatewayOf('Alder', 'Alder', [{ mspId, rootCertificate }]);
    const { certificate, consortium: after } = await renew();
    expect(certificate).not.toBe(device.certificate);
    expect(after).toEqual(consortium);
  });

  it.each<[string, Name, number]>([
    ['of another organisation, which is not even asked', 'Cedar', 0],
    ['that enrols elsewhere than it says', 'Alder', 1],
  ])('is not exchanged for one from a gateway %s', async (_, agent, asked) => {
    daysLeft(29);
    const enrolled = gatewayOf(agent, 'Cedar');
    expect(await renew()).toBe(device);
    expect(enrolled()).toBe(asked);
    expect(await readDevice(home)).toBeUndefined();
  });

  it('that has ended is said to be renewed by its own organisation alone', async () => {
    daysLeft(-1);
    gatewayOf('Cedar');
    await expect(renew()).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      detail: 'this is the gateway of Cedar: certificates of Alder come from its own',
    });
  });
});
