/** The rules of money and accounts one by one, each at its boundary, on records laid out by hand. */
import { newCaller, type Records, refusal, type Signing, taken } from '../support/laid-ledger.ts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { encodeG1, multiplyBase, ready } from '@holdfast/protocol/curve.js';
import { organisationAccountId } from '@holdfast/protocol/ids.js';
import { newTagKeyRecord, publicTable } from '@holdfast/protocol/tag-key.js';
import { creditId } from '../../chaincode/src/money.ts';
import {
  CHANNEL,
  CONFIG,
  delegateAnnouncement,
  providerAnnouncement,
} from '../support/consortium.ts';

const [ANN, BOB] = ['a1'.repeat(32), 'b1'.repeat(32)];
const alder = hex(organisationAccountId('Alder'));
const note = (i: number) => String(i).repeat(64);
/** Of every call on laid records. */
const TRANSACTION = 'a'.repeat(64);

let ann: Signing;
let agent: Signing;
let operator: Signing;
let records: Records;
beforeAll(async () => {
  await ready();
  ann = await newCaller('Alder', 'owner');
  agent = await newCaller('Alder', 'agent');
  operator = await newCaller('Alder', 'operator');
  records = {
    [`signer/${ann.signer}`]: { ownerId: ANN },
    [`account/${ANN}`]: { ownerId: ANN, mspId: 'Alder', state: 'open' },
    [`purse/${ANN}/02`]: { balance: '10', fees: '4' },
    [`purse/${ANN}/03`]: { balance: '5', fees: '1' },
    [`credit/${ANN}/${note(1)}`]: { amount: '20' },
    [`credit/${ANN}/${note(2)}`]: { amount: '3' },
    [`credit/${BOB}/${note(3)}`]: { amount: '900' },
  };
});

describe('a transfer', () => {
  const transfer = (lane: number, ...amounts: string[]) => ({ to: BOB, amounts, lane });

  it('turns part of one lane into notes of the other account, and tells of them', async () => {
    const { writes, result, event } = await taken(
      records,
      ann,
      'accounts:transfer',
      transfer(2, '4', '6'),
    );
    const credits = [creditId(TRANSACTION, 0), creditId(TRANSACTION, 1)];
    expect(result).toEqual({ credits });
    const payload = { from: ANN, to: BOB, credits };
    expect(event).toEqual({ name: 'Transferred', payload });
    expect(Object.fromEntries(writes)).toEqual({
      [`purse/${ANN}/02`]: { balance: '0', fees: '4' },
      [`credit/${BOB}/${credits[0]}`]: { amount: '4' },
      [`credit/${BOB}/${credits[1]}`]: { amount: '6' },
    });
  });

  it('is of more than nothing, and of no more than its own lane holds', async () => {
    const refused = (lane: number, ...amounts: string[]) =>
      refusal(records, ann, 'accounts:transfer', transfer(lane, ...amounts));
    expect(await refused(2, '4', '0')).toBe('INPUT_INVALID: /amounts/1: expected more than 0');
    expect(await refused(2, '4', '7')).toBe('BALANCE_TOO_LOW: 11 wanted, the lane holds 10');
    expect(await refused(1, '1')).toBe('BALANCE_TOO_LOW: 1 wanted, the lane holds 0');
  });

  it('is paid by an agent out of its organisation’s purse', async () => {
    const its = { ...records, [`purse/${alder}/00`]: { balance: '7', fees: '0' } };
    const { writes, event } = await taken(its, agent, 'accounts:transfer', transfer(0, '7'));
    expect(writes.get(`purse/${alder}/00`)).toEqual({ balance: '0', fees: '0' });
    expect(event?.payload).toMatchObject({ from: alder });
  });
});

describe('what is collected', () => {
  const collect = (lane: number, credits: string[], sources: number[] = []) => ({
    lane,
    credits,
    sources,
  });

  it('leaves notes and lanes, whose fees stay, and arrives in one lane', async () => {
    const args = collect(2, [note(1), note(2)], [3]);
    const { writes, result, event } = await taken(records, ann, 'accounts:collect', args);
    expect(Object.fromEntries(writes)).toEqual({
      [`credit/${ANN}/${note(1)}`]: null,
      [`credit/${ANN}/${note(2)}`]: null,
      [`purse/${ANN}/03`]: { balance: '0', fees: '1' },
      [`purse/${ANN}/02`]: { balance: '38', fees: '4' },
    });
    expect(result).toEqual({ lane: 2, balance: '38' });
    expect(event).toEqual({ name: 'Collected', payload: { ownerId: ANN, lane: 2 } });
  });

  it('may open a lane, with notes alone or lanes alone', async () => {
    const balanceIn = async (args: object) =>
      (await taken(records, ann, 'accounts:collect', args)).writes.get(`purse/${ANN}/15`);
    expect(await balanceIn(collect(15, [note(1)]))).toEqual({ balance: '20', fees: '0' });
    expect(await balanceIn(collect(15, [], [2, 3]))).toEqual({ balance: '15', fees: '0' });
  });

  it('is there once, is one’s own, and is something', async () => {
    const refused = (...args: Parameters<typeof collect>) =>
      refusal(records, ann, 'accounts:collect', collect(...args));
    const lanes = 'INPUT_INVALID: /sources: expected other lanes, each once';
    expect(await refused(2, [], [2])).toBe(lanes);
    expect(await refused(2, [], [3, 3])).toBe(lanes);
    expect(await refused(2, [note(1), note(1)])).toBe(
      'INPUT_INVALID: /credits: expected each note once',
    );
    expect(await refused(2, [])).toBe('INPUT_INVALID: /credits: expected something to collect');
    expect(await refused(2, [note(3)])).toBe('NOT_FOUND: no credit note 333333333333…');
    expect(await refused(2, [], [4])).toBe('NOT_FOUND: no lane 4');
  });
});

describe('a budget', () => {
  it('is minted for a member, as notes of more than nothing', async () => {
    const args = { mspId: 'Alder', amounts: ['8'] };
    const { writes, result, event } = await taken(records, operator, 'accounts:grantBudget', args);
    const granted = { accountId: alder, credits: [creditId(TRANSACTION, 0)] };
    expect(result).toEqual(granted);
    expect(event).toEqual({ name: 'BudgetGranted', payload: granted });
    expect([...writes]).toEqual([[`credit/${alder}/${creditId(TRANSACTION, 0)}`, { amount: '8' }]]);
    const refused = (change: object) =>
      refusal(records, operator, 'accounts:grantBudget', { ...args, ...change });
    expect(await refused({ mspId: 'Elm' })).toBe('NOT_FOUND: no organisation Elm');
    expect(await refused({ amounts: ['0'] })).toBe(
      'INPUT_INVALID: /amounts/0: expected more than 0',
    );
  });
});

describe('a purse', () => {
  it('shows its lanes, and its notes a page at a time', async () => {
    const read = async (more: object) =>
      (await taken(records, operator, 'accounts:purse', { ownerId: ANN, ...more })).result;
    const lanes = [
      { lane: 2, balance: '10', fees: '4' },
      { lane: 3, balance: '5', fees: '1' },
    ];
    const [one, two] = [
      { creditId: note(1), amount: '20' },
      { creditId: note(2), amount: '3' },
    ];
    expect(await read({})).toEqual({ lanes, credits: { items: [one, two], next: null } });
    const head = await read({ limit: 1 });
    expect(head).toEqual({ lanes, credits: { items: [one], next: note(2) } });
    const tail = await read({ limit: 1, cursor: note(2) });
    expect(tail).toEqual({ lanes, credits: { items: [two], next: null } });
  });
});

describe('an announcement', () => {
  it('is of the role that signs; a delegate makes one, for its key chooses beacons', async () => {
    const announcement = delegateAnnouncement('Alder');
    const delegate = await newCaller('Alder', 'delegate');
    const args = { announcement };
    const { writes, result, event } = await taken({}, delegate, 'accounts:announce', args);
    const record = { ...announcement, mspId: 'Alder' };
    expect([...writes]).toEqual([['organisation/Alder/delegate', record]]);
    expect(result).toEqual({ mspId: 'Alder', role: 'delegate' });
    expect(event).toEqual({ name: 'Announced', payload: { mspId: 'Alder', role: 'delegate' } });
    const again = { 'organisation/Alder/delegate': record };
    expect(await refusal(again, delegate, 'accounts:announce', args)).toBe(
      'ALREADY_EXISTS: Alder has announced its beacon key',
    );
    const keyServer = await newCaller('Alder', 'key-server');
    expect(await refusal({}, keyServer, 'accounts:announce', args)).toBe(
      'NOT_ALLOWED: a key-server announces itself, not a delegate',
    );
  });

  it('of a provider replaces the one before, and is shown with all others', async () => {
    const provider = await newCaller('Birch', 'provider');
    const record = { ...providerAnnouncement(), mspId: 'Birch' };
    const before = { 'organisation/Birch/provider': { ...record, nodes: ['birch-9'] } };
    const args = { announcement: providerAnnouncement() };
    const { writes } = await taken(before, provider, 'accounts:announce', args);
    expect([...writes]).toEqual([['organisation/Birch/provider', record]]);
    const other = providerAnnouncement('Cedar');
    expect(await refusal(before, provider, 'accounts:announce', { announcement: other })).toBe(
      'KEY_INVALID: Birch does not prove that it holds the key it announces',
    );

    const delegate = { ...delegateAnnouncement('Alder'), mspId: 'Alder' };
    const both = { ...before, 'organisation/Alder/delegate': delegate };
    const found = await taken(both, ann, 'accounts:organisations', {});
    expect(found.result).toEqual({ items: [delegate, before['organisation/Birch/provider']] });
    const wanted = { mspId: 'Alder', role: 'delegate' };
    expect((await taken(both, ann, 'accounts:organisation', wanted)).result).toEqual(delegate);
    const missing = { ...wanted, role: 'provider' };
    expect(await refusal(both, ann, 'accounts:organisation', missing)).toBe(
      'NOT_FOUND: no provider of Alder',
    );
  });
});

describe('rules and accounts', () => {
  it('are read by anybody who has a role', async () => {
    const tagKey = { tagKeyId: note(4), x: 'x' };
    const given = { ...records, [`tagkey/${note(4)}`]: tagKey };
    const read = async (name: Parameters<typeof taken>[2], args: object) =>
      (await taken(given, operator, name, args)).result;
    expect(await read('accounts:config', {})).toEqual(CONFIG);
    expect(await read('accounts:get', { ownerId: ANN })).toEqual(records[`account/${ANN}`]);
    const { signer } = ann;
    expect(await read('accounts:bySigner', { signer })).toEqual(records[`account/${ANN}`]);
    expect(await read('accounts:tagKey', { tagKeyId: note(4) })).toEqual(tagKey);
  });

  it('begin with a configuration that lets its sender change it', async () => {
    const args = { config: CONFIG };
    const born = await taken({ config: null }, operator, 'accounts:configure', args);
    expect(born.result).toEqual({ version: 1 });
    expect(born.writes.get('config')).toEqual(CONFIG);
  });

  it('are opened once by a key, with a tag key of their own', async () => {
    const cedar = await newCaller('Cedar', 'owner');
    const owner = { channel: CHANNEL, ownerId: cedar.ownerId };
    const { tagKey, tagKeyId } = newTagKeyRecord({ x: 7n, alpha: 5n }, publicTable(5n, 2), owner);
    const opening = {
      hpkeKey: base64url(fromHex('99'.repeat(32))),
      chameleonKey: base64url(encodeG1(multiplyBase(3n))),
      tagKey,
      custody: 'owner',
    };
    const { writes, result, event } = await taken({}, cedar, 'accounts:open', opening);
    const { ownerId } = cedar;
    expect(result).toEqual({ ownerId, tagKeyId });
    expect(event).toEqual({ name: 'AccountOpened', payload: { ownerId, mspId: 'Cedar' } });
    const keys = [`signer/${cedar.signer}`, `account/${ownerId}`, `tagkey/${tagKeyId}`];
    expect([...writes.keys()]).toEqual(keys);
    expect(writes.get(keys[0] ?? '')).toEqual({ ownerId });
    const sentences = ['this key has opened an account', 'this account is open'];
    for (const [i, sentence] of [...sentences, 'this tag key is registered'].entries()) {
      expect(await refusal({ [keys[i] ?? '']: {} }, cedar, 'accounts:open', opening)).toBe(
        `ALREADY_EXISTS: ${sentence}`,
      );
    }
    const stolen = { ...opening, tagKey: { ...tagKey, sectorsMax: 3 } };
    expect(await refusal({}, cedar, 'accounts:open', stolen)).toMatch('KEY_INVALID');
  });
});
