/** Three organisations as the default has them: Alder and Cedar audit and hold key servers, Birch stores. */
import { base64url, fromHex, utf8 } from '@holdfast/protocol/bytes.js';
import { beaconMessage } from '@holdfast/protocol/beacon.js';
import { DST } from '@holdfast/protocol/labels.js';
import type { Announcement, Config } from '@holdfast/protocol/consortium-records.js';
import { newSecret, provePossession, publicKeyOf, sign } from '@holdfast/protocol/signature.js';
import { seededRandom } from './property.ts';

export const CHANNEL = 'holdfast';
export const NODES = ['birch-1', 'birch-2', 'birch-3'] as const;

export const CONFIG: Config = {
  version: 1,
  organisations: [
    { mspId: 'Alder', roles: ['owner', 'agent', 'key-server', 'delegate', 'operator'] },
    { mspId: 'Birch', roles: ['owner', 'provider', 'operator'] },
    { mspId: 'Cedar', roles: ['owner', 'key-server', 'delegate', 'operator'] },
  ],
  genesisDelegates: ['Alder', 'Cedar'],
  keyServers: ['Alder', 'Cedar'],
  slotSeconds: 30,
  auditPeriod: 4,
  answerWindow: 3,
  repairWindow: 6,
  answerBlocks: 1_000,
  minimumReplicas: 2,
  epochsPerPeriod: 720,
  feePerCall: '0',
  auditReward: '0',
  lateFee: '0',
  missedSlotPenalty: '0',
  dedupSkip: 'organisation',
  allowSelfAudit: false,
};

/** A secret of signatures by name; the same in every run. */
export const secretOf = (name: string): bigint =>
  newSecret(seededRandom(utf8(name).reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7)));

export function providerAnnouncement(
  mspId = 'Birch',
  change: Partial<Extract<Announcement, { role: 'provider' }>> = {},
): Announcement {
  const secret = secretOf(`acceptance of ${mspId}`);
  return {
    role: 'provider',
    acceptanceKey: base64url(publicKeyOf(secret)),
    possession: base64url(provePossession(secret, 'possession-provider', mspId, CHANNEL)),
    nodes: [...NODES],
    pricePerEpoch: '0',
    bond: '0',
    padding: true,
    ...change,
  };
}

export function delegateAnnouncement(mspId: string): Announcement {
  const secret = secretOf(`beacons of ${mspId}`);
  return {
    role: 'delegate',
    name: `delegate-${mspId}`,
    beaconKey: base64url(publicKeyOf(secret)),
    possession: base64url(provePossession(secret, 'possession-delegate', mspId, CHANNEL)),
  };
}

/** The delegate's signature that makes beacon `epoch` out of the one before. */
export function beaconSignature(mspId: string, epoch: number, previous: string): string {
  const message = beaconMessage(CHANNEL, epoch, fromHex(previous));
  return base64url(sign(secretOf(`beacons of ${mspId}`), message, DST.beacon));
}
