/** How the ledger is born, how its rules change, and what its organisations announce. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { base64url, fromHex, hex, toInteger } from '@holdfast/protocol/bytes.js';
import {
  beaconMessage,
  configDigest,
  genesisBeacon,
  nextBeacon,
} from '@holdfast/protocol/beacon.js';
import { ready } from '@holdfast/protocol/curve.js';
import { transcript } from '@holdfast/protocol/hash.js';
import { DST } from '@holdfast/protocol/labels.js';
import type { Announcement, Config } from '@holdfast/protocol/consortium-records.js';
import { provePossession, publicKeyOf, sign } from '@holdfast/protocol/signature.js';
import {
  CHANNEL,
  CONFIG,
  delegateAnnouncement,
  providerAnnouncement,
  secretOf,
} from '../support/consortium.ts';
import { type ContractLedger, newContractLedger } from '../support/contract-ledger.ts';
import { testKeyServers } from '../support/key-server.ts';
import { flipped } from '../support/tamper.ts';

let ledger: ContractLedger;
beforeEach(async () => {
  await ready();
  ledger = await newContractLedger();
});
afterEach(() => ledger.close());

const configure = async (mspId: string, config: Config) =>
  ledger.submit(await ledger.newIdentity(mspId, 'operator'), 'accounts:configure', { config });
const bear = () => configure('Alder', CONFIG);
const announce = async (mspId: string, announcement: Announcement) => {
  const by = await ledger.newIdentity(mspId, announcement.role);
  return ledger.submit(by, 'accounts:announce', { announcement });
};

describe('a ledger without a configuration', () => {
  it('answers nothing and takes nothing but a configuration', async () => {
    const operator = await ledger.newIdentity('Alder', 'operator');
    const refusal = await ledger.refusal(operator, 'accounts:config', {});
    expect(refusal.message).toBe('NOT_FOUND: no configuration yet');
    expect((await ledger.refusal(operator, 'beacons:tick', { epoch: 1 })).code).toBe('NOT_FOUND');
  });

  it('is born by an operator: configuration, clock and the first beacon', async () => {
    const { reads, writes, event, result } = await bear();
    expect(result).toEqual({ version: 1 });
    expect(event).toEqual({ name: 'Configured', payload: { version: 1 } });
    expect(reads).toEqual(['config']);
    expect(Object.fromEntries(writes)).toEqual({
      config: CONFIG,
      clock: { epoch: 0 },
      'beacon/000000000000': {
        epoch: 0,
        value: hex(genesisBeacon(CHANNEL, CONFIG)),
        delegate: null,
        signature: null,
      },
    });
    const by = await ledger.newIdentity('Birch', 'provider');
    expect(await ledger.evaluate(by, 'accounts:config', {})).toEqual(CONFIG);
  });

  it('is not born by somebody whom the configuration itself does not let be an operator', async () => {
    const refusal = async (mspId: string, role: string, config: Config = CONFIG) =>
      (
        await ledger.refusal(await ledger.newIdentity(mspId, role), 'accounts:configure', {
          config,
        })
      ).code;
    expect(await refusal('Alder', 'agent')).toBe('NOT_ALLOWED');
    expect(await refusal('Alder', 'owner')).toBe('NOT_ALLOWED');
    const [alder, ...others] = CONFIG.organisations;
    const without = { ...CONFIG, organisations: others };
    expect(alder?.mspId).toBe('Alder');
    expect(await refusal('Alder', 'operator', without)).toBe('NOT_ALLOWED');
  });

  it('is born once, whoever tries at the same moment', async () => {
    const [alder, cedar] = [
      await ledger.newIdentity('Alder', 'operator'),
      await ledger.newIdentity('Cedar', 'operator'),
    ];
    const first = await ledger.endorse(alder, 'accounts:configure', { config: CONFIG });
    const second = await ledger.endorse(cedar, 'accounts:configure', {
      config: { ...CONFIG, auditPeriod: 9 },
    });
    await first.commit();
    await expect(second.commit()).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('the rules of a consortium', () => {
  const next: Config = { ...CONFIG, version: 2, answerWindow: 5 };
  beforeEach(bear);

  it('change when a majority of organisations wants the same', async () => {
    const first = await configure('Birch', next);
    expect(first.result).toEqual({ version: 1 });
    const digest = hex(configDigest(next));
    expect(first.event).toEqual({
      name: 'ConfigurationVoted',
      payload: { version: 2, mspId: 'Birch', digest },
    });
    expect(first.reads).toEqual([
      'config',
      'configvote/0000000002/Alder',
      'configvote/0000000002/Birch',
      'configvote/0000000002/Cedar',
    ]);
    expect(Object.fromEntries(first.writes)).toEqual({ 'configvote/0000000002/Birch': { digest } });
    const second = await configure('Cedar', next);
    expect(second.result).toEqual({ version: 2 });
    expect(second.event).toEqual({ name: 'Configured', payload: { version: 2 } });
    expect([...second.writes.keys()].sort()).toEqual(['config', 'configvote/0000000002/Cedar']);
    expect(ledger.state.get('config')).toEqual(next);
  });

  it('do not change by one organisation that votes twice, nor by votes for different things', async () => {
    await configure('Birch', next);
    await configure('Birch', next);
    await configure('Cedar', { ...next, answerWindow: 6 });
    expect(ledger.state.get('config')).toEqual(CONFIG);
    await configure('Cedar', next);
    expect(ledger.state.get('config')).toEqual(next);
  });

  it('do not change by a vote that is replayed after it took effect', async () => {
    await configure('Birch', next);
    await configure('Cedar', next);
    const by = await ledger.newIdentity('Alder', 'operator');
    const refusal = await ledger.refusal(by, 'accounts:configure', { config: next });
    expect(refusal.message).toBe('INPUT_INVALID: /config/version: expected 3');
  });

  it('let a delegate enter only when its beacon key stands on the ledger', async () => {
    const roles = CONFIG.organisations.map((organisation) =>
      organisation.mspId === 'Birch'
        ? { ...organisation, roles: [...organisation.roles, 'delegate' as const] }
        : organisation,
    );
    const allowed: Config = { ...CONFIG, version: 2, organisations: roles };
    for (const mspId of ['Alder', 'Birch']) await configure(mspId, allowed);
    const seated: Config = {
      ...allowed,
      version: 3,
      genesisDelegates: ['Alder', 'Birch', 'Cedar'],
    };
    const by = await ledger.newIdentity('Alder', 'operator');
    const refusal = await ledger.refusal(by, 'accounts:configure', { config: seated });
    expect(refusal.message).toBe('NOT_FOUND: no beacon key announced by Birch');
    await announce('Birch', delegateAnnouncement('Birch'));
    for (const mspId of ['Alder', 'Birch']) await configure(mspId, seated);
    expect(ledger.state.get('config')).toEqual(seated);
  });
});

describe('an organisation', () => {
  beforeEach(bear);

  const refusal = async (mspId: string, role: string, announcement: unknown) =>
    ledger.refusal(await ledger.newIdentity(mspId, role), 'accounts:announce', { announcement });

  it('announces itself as a provider with a proof that it holds its acceptance key', async () => {
    const announcement = providerAnnouncement();
    const { reads, writes, event, result } = await announce('Birch', announcement);
    expect(result).toEqual({ mspId: 'Birch', role: 'provider' });
    expect(event).toEqual({ name: 'Announced', payload: { mspId: 'Birch', role: 'provider' } });
    expect(reads).toEqual(['config']);
    const record = { ...announcement, mspId: 'Birch' };
    expect(Object.fromEntries(writes)).toEqual({ 'organisation/Birch/provider': record });
    const by = await ledger.newIdentity('Cedar', 'owner');
    const args = { mspId: 'Birch', role: 'provider' } as const;
    expect(await ledger.evaluate(by, 'accounts:organisation', args)).toEqual(record);
    expect(await ledger.evaluate(by, 'accounts:organisations', {})).toEqual({ items: [record] });
  });

  it('may change what it offers as a provider', async () => {
    await announce('Birch', providerAnnouncement());
    await announce('Birch', providerAnnouncement('Birch', { nodes: ['n1', 'n2'], padding: false }));
    expect(ledger.state.get('organisation/Birch/provider')).toMatchObject({ nodes: ['n1', 'n2'] });
  });

  it('announces itself as a key server with nine roots, each of which is checked', async () => {
    const [{ record }] = testKeyServers();
    const { mspId: _, ...announcement } = record;
    await announce('Alder', announcement);
    expect(ledger.state.get('organisation/Alder/key-server')).toEqual(record);
    for (const index of [0, 8]) {
      const roots = announcement.roots.map((root, i) =>
        i === index ? base64url(flipped(Buffer.from(root, 'base64url'), 3_000)) : root,
      );
      const { code } = await refusal('Cedar', 'key-server', { ...announcement, roots });
      expect(code).toBe('KEY_INVALID');
    }
    const even = base64url(flipped(Buffer.from(announcement.modulus, 'base64url'), 383 * 8));
    expect((await refusal('Cedar', 'key-server', { ...announcement, modulus: even })).code).toBe(
      'KEY_INVALID',
    );
    const few = { ...announcement, roots: announcement.roots.slice(1) };
    expect((await refusal('Cedar', 'key-server', few)).code).toBe('INPUT_INVALID');
  });

  it('announces its beacon key once: who may change it chooses among beacons', async () => {
    const { reads } = await announce('Cedar', delegateAnnouncement('Cedar'));
    expect(reads).toEqual(['config', 'organisation/Cedar/delegate']);
    const secret = secretOf('another');
    const other: Announcement = {
      role: 'delegate',
      name: 'other',
      beaconKey: base64url(publicKeyOf(secret)),
      possession: base64url(provePossession(secret, 'possession-delegate', 'Cedar', CHANNEL)),
    };
    expect((await refusal('Cedar', 'delegate', other)).code).toBe('ALREADY_EXISTS');
  });

  it('could otherwise choose whether a file is audited: the control', () => {
    const previous = genesisBeacon(CHANNEL, CONFIG);
    const message = beaconMessage(CHANNEL, 1, previous);
    const isAudited = (secret: bigint): boolean => {
      const beacon = nextBeacon(previous, 1, sign(secret, message, DST.beacon));
      const lot = transcript('due', beacon, fromHex('ab'.repeat(32))).slice(0, 8);
      return toInteger(lot) % BigInt(CONFIG.auditPeriod) === 0n;
    };
    const keys = Array.from({ length: 40 }, (_, i) => secretOf(`key ${i}`));
    expect(new Set(keys.map(isAudited))).toEqual(new Set([true, false]));
  });

  it('speaks for itself and for a role it has', async () => {
    const announcement = providerAnnouncement();
    expect((await refusal('Birch', 'operator', announcement)).code).toBe('NOT_ALLOWED');
    expect((await refusal('Alder', 'provider', announcement)).code).toBe('NOT_ALLOWED');
    expect((await refusal('Alder', 'delegate', announcement)).code).toBe('NOT_ALLOWED');
  });

  it('does not announce a key of which it holds no proof, or a proof that was made for another use', async () => {
    const good = providerAnnouncement();
    const secret = secretOf('acceptance of Birch');
    const proofs = {
      'of another organisation': provePossession(secret, 'possession-provider', 'Cedar', CHANNEL),
      'of another channel': provePossession(secret, 'possession-provider', 'Birch', 'other'),
      'of another use': provePossession(secret, 'possession-delegate', 'Birch', CHANNEL),
      'of another key': provePossession(secret + 1n, 'possession-provider', 'Birch', CHANNEL),
    };
    for (const [whose, proof] of Object.entries(proofs)) {
      const { code } = await refusal('Birch', 'provider', {
        ...good,
        possession: base64url(proof),
      });
      expect([whose, code]).toEqual([whose, 'KEY_INVALID']);
    }
  });

  it('does not announce what is no key at all', async () => {
    const good = providerAnnouncement();
    const offCurve = base64url(Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0x80 : 1)));
    const infinity = base64url(Uint8Array.from({ length: 96 }, (_, i) => (i === 0 ? 0xc0 : 0)));
    for (const acceptanceKey of [offCurve, infinity]) {
      const { code } = await refusal('Birch', 'provider', { ...good, acceptanceKey });
      expect(code).toBe('INPUT_INVALID');
    }
    const possession = base64url(Uint8Array.from({ length: 48 }, (_, i) => (i === 0 ? 0x80 : 1)));
    const refused = await refusal('Birch', 'provider', { ...good, possession });
    expect(refused.message).toContain('/announcement/possession');
  });

  it('asks no price and no bond before payments exist, and names each node once', async () => {
    const refused = async (change: object) =>
      (await refusal('Birch', 'provider', { ...providerAnnouncement(), ...change })).message;
    expect(await refused({ pricePerEpoch: '1' })).toContain('/announcement/pricePerEpoch');
    expect(await refused({ bond: '5' })).toContain('/announcement/bond');
    expect(await refused({ nodes: ['a', 'a'] })).toContain('/announcement/nodes');
  });
});
