/** The clock of the ledger: ticks of a majority, then the one signature of the slot's delegate. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, fromBase64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { nextBeacon } from '@holdfast/protocol/beacon.js';
import { ready } from '@holdfast/protocol/curve.js';
import type { Role } from '@holdfast/protocol/schema.js';
import { badPoints, shifted } from '../support/bad-points.ts';
import { type BornLedger, newBornLedger } from '../support/born-ledger.ts';
import { beaconSignature, CONFIG, delegateAnnouncement } from '../support/consortium.ts';
import { type ContractLedger, newContractLedger } from '../support/contract-ledger.ts';
import { flipped } from '../support/tamper.ts';

let ledger: BornLedger;
beforeAll(async () => {
  ledger = await newBornLedger();
});
afterAll(() => ledger.close());

describe('a tick', () => {
  it('is one organisation’s word for one epoch', async () => {
    const by = await ledger.as('Birch', 'provider');
    const { reads, writes, event, result } = await ledger.submit(by, 'beacons:tick', { epoch: 1 });
    expect(result).toEqual({ epoch: 1 });
    expect(event).toEqual({ name: 'Ticked', payload: { epoch: 1, mspId: 'Birch' } });
    expect(reads).toEqual(['beacon/000000000000', 'config', 'tick/000000000001/Birch']);
    const tick = { epoch: 1, mspId: 'Birch' };
    expect(Object.fromEntries(writes)).toEqual({ 'tick/000000000001/Birch': tick });
  });

  it('comes once, from any role of the organisation but an owner', async () => {
    const again = await ledger.as('Birch', 'operator');
    expect((await ledger.refusal(again, 'beacons:tick', { epoch: 1 })).code).toBe('ALREADY_EXISTS');
    const owner = await ledger.as('Alder', 'owner');
    expect((await ledger.refusal(owner, 'beacons:tick', { epoch: 1 })).code).toBe('NOT_ALLOWED');
  });

  it('follows a beacon: nobody ticks ahead, or for the epoch of birth', async () => {
    const by = await ledger.as('Alder', 'agent');
    expect((await ledger.refusal(by, 'beacons:tick', { epoch: 2 })).code).toBe('NOT_FOUND');
    expect((await ledger.refusal(by, 'beacons:tick', { epoch: 0 })).code).toBe('INPUT_INVALID');
  });
});

describe('a beacon', () => {
  const msps = ['Birch', 'Cedar'];
  const anybody = () => ledger.as('Alder', 'owner');
  const advance = (change: object = {}) => ({
    epoch: 1,
    msps,
    signature: beaconSignature('Cedar', 1, ledger.beaconOf(0)),
    ...change,
  });
  const refused = async (change: object) =>
    (await ledger.refusal(await anybody(), 'beacons:advance', advance(change))).code;

  it('waits for ticks of more than half of the organisations, each counted once', async () => {
    expect(await refused({})).toBe('NOT_FOUND');
    expect(await refused({ msps: ['Birch'] })).toBe('NOT_ALLOWED');
    expect(await refused({ msps: ['Birch', 'Birch'] })).toBe('INPUT_INVALID');
    expect(await refused({ msps: ['Birch', 'Elm'] })).toBe('INPUT_INVALID');
    const cedar = await ledger.as('Cedar', 'delegate');
    await ledger.submit(cedar, 'beacons:tick', { epoch: 1 });
  });

  it('takes the signature of the slot’s delegate and no other', async () => {
    const previous = ledger.beaconOf(0);
    const good = fromBase64url(advance().signature);
    expect(await refused({ signature: beaconSignature('Alder', 1, previous) })).toBe(
      'PROOF_INVALID',
    );
    expect(await refused({ signature: beaconSignature('Cedar', 2, previous) })).toBe(
      'PROOF_INVALID',
    );
    expect(await refused({ signature: beaconSignature('Cedar', 1, '11'.repeat(32)) })).toBe(
      'PROOF_INVALID',
    );
    const broken = base64url(flipped(good, 100));
    expect(['PROOF_INVALID', 'INPUT_INVALID']).toContain(await refused({ signature: broken }));
  });

  it('has one signature only: adding a point outside the subgroup, or another encoding, is refused', async () => {
    const sum = shifted(fromBase64url(advance().signature));
    expect(await refused({ signature: base64url(sum) })).toBe('INPUT_INVALID');
    for (const point of Object.values(badPoints())) {
      expect(await refused({ signature: base64url(point) })).toBe('INPUT_INVALID');
    }
  });

  it('begins the epoch, whoever brings it', async () => {
    const args = advance();
    const by = await anybody();
    const { reads, writes, event, result } = await ledger.submit(by, 'beacons:advance', args);
    const value = hex(nextBeacon(fromHex(ledger.beaconOf(0)), 1, fromBase64url(args.signature)));
    expect(result).toEqual({ epoch: 1, value });
    const payload = { epoch: 1, value, delegate: 'Cedar' };
    expect(event).toEqual({ name: 'BeaconAdvanced', payload });
    expect(reads).toEqual([
      'beacon/000000000000',
      'beacon/000000000001',
      'config',
      // Before the first epoch the keys of all delegates must stand.
      'organisation/Alder/delegate',
      'organisation/Cedar/delegate',
      'tick/000000000001/Birch',
      'tick/000000000001/Cedar',
    ]);
    expect(Object.fromEntries(writes)).toEqual({
      'beacon/000000000001': { epoch: 1, value, delegate: 'Cedar', signature: args.signature },
      clock: { epoch: 1 },
    });
    expect(await refused({})).toBe('ALREADY_EXISTS');
  });

  it('follows the one before it, in turn of the delegates', async () => {
    await ledger.advance();
    expect(ledger.state.get('beacon/000000000002')).toMatchObject({ delegate: 'Alder' });
    await ledger.advance();
    expect(ledger.state.get('beacon/000000000003')).toMatchObject({ delegate: 'Cedar' });
    const skipped = advance({
      epoch: 5,
      signature: beaconSignature('Cedar', 5, ledger.beaconOf(3)),
    });
    expect((await ledger.refusal(await anybody(), 'beacons:advance', skipped)).code).toBe(
      'NOT_FOUND',
    );
  });

  it('can be looked up, and which is the newest', async () => {
    const by = await anybody();
    const newest = await ledger.evaluate(by, 'beacons:current', {});
    expect(newest).toMatchObject({ epoch: 3, value: ledger.beaconOf(3) });
    expect(await ledger.evaluate(by, 'beacons:get', { epoch: 3 })).toEqual(newest);
    expect((await ledger.refusal(by, 'beacons:get', { epoch: 4 })).code).toBe('NOT_FOUND');
  });
});

describe('the first epoch', () => {
  let unborn: ContractLedger;
  beforeAll(async () => {
    await ready();
    unborn = await newContractLedger();
  });
  afterAll(() => unborn.close());

  it('waits until every delegate has fixed its key: a later one would choose its beacon by its key', async () => {
    const as = (mspId: string, role: Role) => unborn.newIdentity(mspId, role);
    const operator = await as('Alder', 'operator');
    await unborn.submit(operator, 'accounts:configure', { config: CONFIG });
    const cedar = await as('Cedar', 'delegate');
    await unborn.submit(cedar, 'accounts:announce', {
      announcement: delegateAnnouncement('Cedar'),
    });
    for (const mspId of ['Birch', 'Cedar']) {
      await unborn.submit(await as(mspId, 'operator'), 'beacons:tick', { epoch: 1 });
    }
    const { value } = unborn.state.get('beacon/000000000000') as { value: string };
    const msps = ['Birch', 'Cedar'];
    const args = { epoch: 1, msps, signature: beaconSignature('Cedar', 1, value) };
    const refusal = await unborn.refusal(cedar, 'beacons:advance', args);
    expect(refusal.message).toBe('NOT_FOUND: no beacon key announced by Alder');
    const alder = await as('Alder', 'delegate');
    await unborn.submit(alder, 'accounts:announce', {
      announcement: delegateAnnouncement('Alder'),
    });
    expect((await unborn.submit(cedar, 'beacons:advance', args)).result).toMatchObject({
      epoch: 1,
    });
  });
});
