import { beforeAll, describe, expect, it } from '@jest/globals';
import { hex, lengthPrefixed, u64be } from '@holdfast/protocol/bytes.js';
import {
  beaconMessage,
  configDigest,
  genesisBeacon,
  nextBeacon,
} from '@holdfast/protocol/beacon.js';
import {
  add1,
  BASE_2,
  decodeG1,
  decodeG2,
  encodeG1,
  hashToG1,
  negate1,
  pairingsAreOne,
  ready,
} from '@holdfast/protocol/curve.js';
import { transcript } from '@holdfast/protocol/hash.js';
import { DST } from '@holdfast/protocol/labels.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { newSecret, publicKeyOf, sign, verifySignature } from '@holdfast/protocol/signature.js';
import { cofactorPoint } from '../support/cofactor-point.ts';
import { seededRandom } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';
import { threeOrganisations } from '../support/audit-records.ts';

const random = seededRandom();
const config = threeOrganisations();
const any = { anyOrder: true } as const;

beforeAll(ready);

describe('the first beacon', () => {
  it('depends on the channel and on every field of the configuration', () => {
    const changes: Partial<Config>[] = [
      { version: 2 },
      { organisations: config.organisations.slice(1) },
      { organisations: config.organisations.map((o) => ({ ...o, roles: ['owner'] })) },
      { genesisDelegates: ['Cedar', 'Alder'] },
      { keyServers: ['Alder'] },
      { slotSeconds: 31 },
      { auditPeriod: 5 },
      { answerWindow: 4 },
      { repairWindow: 25 },
      { answerBlocks: 1_001 },
      { minimumReplicas: 1 },
      { epochsPerPeriod: 101 },
      { feePerCall: '1' },
      { auditReward: '1' },
      { lateFee: '1' },
      { missedSlotPenalty: '1' },
      { dedupSkip: 'own' },
      { allowSelfAudit: false },
    ];
    const digests = [config, ...changes.map((change) => ({ ...config, ...change }))].map((c) =>
      hex(configDigest(c)),
    );
    expect(new Set(digests).size).toBe(changes.length + 1);
    expect(changes.map((change) => Object.keys(change)[0])).toEqual(
      expect.arrayContaining(Object.keys(config)),
    );
    expect(hex(genesisBeacon('holdfast', config))).not.toBe(hex(genesisBeacon('other', config)));
  });
  it('cannot be shared by lists cut in different places', () => {
    const one = { ...config, genesisDelegates: ['Alder', 'Cedar'], keyServers: ['Alder'] };
    const other = { ...config, genesisDelegates: ['Alder'], keyServers: ['Cedar', 'Alder'] };
    expect(hex(configDigest(one))).not.toBe(hex(configDigest(other)));
  });
});

describe('the next beacon', () => {
  it('hashes the one before, the epoch and the signature', () => {
    const [previous, signature] = [random(32), random(48)];
    expect(nextBeacon(previous, 7, signature)).toEqual(
      transcript('beacon', previous, u64be(7), signature),
    );
    expect(beaconMessage('holdfast', 7, previous)).toEqual(
      transcript('beacon-message', lengthPrefixed('holdfast'), u64be(7), previous),
    );
  });

  it('is one only: a delegate that could add cofactor points would choose among many', () => {
    const secret = newSecret(random);
    const key = publicKeyOf(secret);
    const message = beaconMessage('holdfast', 1, genesisBeacon('holdfast', config));
    const signature = sign(secret, message, DST.beacon);
    // Five tries of a delegate: the signature and multiples of a cofactor point.
    const tries = Array.from({ length: 5 }).reduce<Uint8Array[]>(
      (found) => [
        ...found,
        encodeG1(add1(decodeG1(found.at(-1) ?? signature, any), cofactorPoint())),
      ],
      [],
    );
    const withoutOrderCheck = tries.filter((candidate) =>
      pairingsAreOne([
        [negate1(decodeG1(candidate, any)), decodeG2(BASE_2)],
        [hashToG1(message, DST.beacon), decodeG2(key)],
      ]),
    );
    const beacons = withoutOrderCheck.map((s) => hex(nextBeacon(new Uint8Array(32), 1, s)));
    expect(new Set(beacons).size).toBe(5);
    for (const candidate of tries) {
      expect(codeOf(() => verifySignature(key, message, candidate, DST.beacon))).toBe(
        'INPUT_INVALID',
      );
    }
    expect(verifySignature(key, message, signature, DST.beacon)).toBe(true);
  });
});
