/** Money of owners and organisations: lanes, credit notes, and nothing made on the way. */
import { createHash, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hex } from '@holdfast/protocol/bytes.js';
import { organisationAccountId } from '@holdfast/protocol/ids.js';
import { type BornLedger, newBornLedger } from '../support/born-ledger.ts';
import { moneyOf } from '../support/contract-ledger.ts';
import type { TestIdentity } from '../support/memory-ledger.ts';
import type { TestOwner } from '../support/owner-of-files.ts';
import { RUNS } from '../support/property.ts';

let ledger: BornLedger;
beforeAll(async () => {
  ledger = await newBornLedger();
});
afterAll(() => ledger.close());

const spkiDigest = (identity: TestIdentity): string =>
  createHash('sha256')
    .update(createPublicKey(identity.privateKey).export({ type: 'spki', format: 'der' }))
    .digest('hex');

describe('money', () => {
  const alder = hex(organisationAccountId('Alder'));
  let operator: TestIdentity;
  let agent: TestIdentity;
  let ann: TestOwner;
  let bob: TestOwner;

  beforeAll(async () => {
    operator = await ledger.as('Alder', 'operator');
    agent = await ledger.as('Alder', 'agent');
    ann = await ledger.openOwner('ann');
    bob = await ledger.openOwner('bob', 'Cedar');
  });

  const grant = async (...amounts: string[]) =>
    (await ledger.submit(operator, 'accounts:grantBudget', { mspId: 'Alder', amounts })).result
      .credits;
  const collect = (
    by: TestIdentity,
    credits: readonly string[],
    lane = 0,
    sources: number[] = [],
  ) => ledger.submit(by, 'accounts:collect', { lane, credits: [...credits], sources });

  it('comes to be as notes of an organisation, minted by an operator', async () => {
    const args = { mspId: 'Alder', amounts: ['100', '20'] };
    const submitted = await ledger.submit(operator, 'accounts:grantBudget', args);
    const { accountId, credits } = submitted.result;
    expect(accountId).toBe(alder);
    expect(submitted.event).toEqual({ name: 'BudgetGranted', payload: submitted.result });
    expect(submitted.reads).toEqual(['config']);
    expect(Object.fromEntries(submitted.writes)).toEqual({
      [`credit/${alder}/${credits[0]}`]: { amount: '100' },
      [`credit/${alder}/${credits[1]}`]: { amount: '20' },
    });
    const unknown = await ledger.refusal(operator, 'accounts:grantBudget', {
      ...args,
      mspId: 'Elm',
    });
    expect(unknown.code).toBe('NOT_FOUND');
    const by = await ledger.as('Alder', 'agent');
    expect((await ledger.refusal(by, 'accounts:grantBudget', args)).code).toBe('NOT_ALLOWED');
  });

  it('goes from an organisation’s agent to a new owner as four notes, each into a lane of its own', async () => {
    await collect(agent, await grant('400'));
    const amounts = ['100', '100', '100', '100'];
    const transfer = { to: ann.ownerId, amounts, lane: 0 };
    const submitted = await ledger.submit(agent, 'accounts:transfer', transfer);
    const { credits } = submitted.result;
    expect(submitted.event).toEqual({
      name: 'Transferred',
      payload: { from: alder, to: ann.ownerId, credits },
    });
    expect(submitted.reads).toEqual(['config', `purse/${alder}/00`]);
    expect([...submitted.writes.keys()].sort()).toEqual(
      [`purse/${alder}/00`, ...credits.map((id) => `credit/${ann.ownerId}/${id}`)].sort(),
    );
    for (const [lane, credit] of credits.entries()) {
      const { result, event, reads } = await collect(ann.identity, [credit], lane);
      expect(result).toEqual({ lane, balance: '100' });
      expect(event).toEqual({ name: 'Collected', payload: { ownerId: ann.ownerId, lane } });
      expect(reads).toEqual(
        [
          `account/${ann.ownerId}`,
          'config',
          `credit/${ann.ownerId}/${credit}`,
          `purse/${ann.ownerId}/0${lane}`,
          `signer/${spkiDigest(ann.identity)}`,
        ].sort(),
      );
    }
  });

  it('moves between lanes of one purse', async () => {
    const { result, writes } = await collect(ann.identity, [], 3, [1, 2]);
    expect(result).toEqual({ lane: 3, balance: '300' });
    expect(Object.fromEntries(writes)).toEqual({
      [`purse/${ann.ownerId}/01`]: { balance: '0', fees: '0' },
      [`purse/${ann.ownerId}/02`]: { balance: '0', fees: '0' },
      [`purse/${ann.ownerId}/03`]: { balance: '300', fees: '0' },
    });
    const purse = await ledger.evaluate(bob.identity, 'accounts:purse', { ownerId: ann.ownerId });
    expect(purse).toEqual({
      lanes: ['100', '0', '0', '300'].map((balance, lane) => ({ lane, balance, fees: '0' })),
      credits: { items: [], next: null },
    });
  });

  it('is never spent twice or beyond what a lane holds', async () => {
    const transfer = (amounts: string[], lane: number) =>
      ledger.refusal(ann.identity, 'accounts:transfer', { to: bob.ownerId, amounts, lane });
    expect((await transfer(['100', '1'], 0)).code).toBe('BALANCE_TOO_LOW');
    expect((await transfer(['1'], 7)).code).toBe('BALANCE_TOO_LOW');
    expect((await transfer(['0'], 0)).code).toBe('INPUT_INVALID');
    expect((await transfer(['-1'], 0)).code).toBe('INPUT_INVALID');
    expect((await transfer(['1.5'], 0)).code).toBe('INPUT_INVALID');
    expect((await transfer(['01'], 0)).code).toBe('INPUT_INVALID');
    const args = { to: bob.ownerId, amounts: ['100'], lane: 0 };
    const first = await ledger.endorse(ann.identity, 'accounts:transfer', args);
    const second = await ledger.endorse(ann.identity, 'accounts:transfer', args);
    await first.commit();
    await expect(second.commit()).rejects.toMatchObject({ code: 'CONFLICT' });
    const [credit = ''] = first.result.credits;
    await collect(bob.identity, [credit]);
    const again = { lane: 0, credits: [credit], sources: [] };
    expect((await ledger.refusal(bob.identity, 'accounts:collect', again)).code).toBe('NOT_FOUND');
  });

  it('is collected by whom it is for', async () => {
    const [credit = ''] = await grant('5');
    const args = { lane: 0, credits: [credit], sources: [] };
    for (const by of [ann.identity, await ledger.newIdentity('Cedar', 'agent')]) {
      expect(['NOT_FOUND', 'NOT_ALLOWED']).toContain(
        (await ledger.refusal(by, 'accounts:collect', args)).code,
      );
    }
    const stranger = await ledger.newIdentity('Alder', 'owner');
    const refusal = await ledger.refusal(stranger, 'accounts:collect', args);
    expect(refusal.code).toBe('NOT_ALLOWED');
  });

  it('is collected from notes and lanes named once each, and at least one', async () => {
    const refused = async (credits: string[], lane: number, sources: number[]) =>
      (await ledger.refusal(ann.identity, 'accounts:collect', { lane, credits, sources })).code;
    const note = 'a'.repeat(64);
    expect(await refused([], 0, [])).toBe('INPUT_INVALID');
    expect(await refused([note, note], 0, [])).toBe('INPUT_INVALID');
    expect(await refused([], 0, [0])).toBe('INPUT_INVALID');
    expect(await refused([], 0, [1, 1])).toBe('INPUT_INVALID');
    expect(await refused([], 16, [1])).toBe('INPUT_INVALID');
    expect(await refused([], 0, [9])).toBe('NOT_FOUND');
  });

  it('does not conflict between owners, or between lanes of one, in one ledger block', async () => {
    await collect(agent, await grant('50', '50'), 5);
    await collect(agent, await grant('50'), 6);
    const transfers = [
      await ledger.endorse(agent, 'accounts:transfer', {
        to: bob.ownerId,
        amounts: ['1'],
        lane: 5,
      }),
      await ledger.endorse(agent, 'accounts:transfer', {
        to: bob.ownerId,
        amounts: ['2'],
        lane: 6,
      }),
      await ledger.endorse(ann.identity, 'accounts:transfer', {
        to: bob.ownerId,
        amounts: ['3'],
        lane: 3,
      }),
    ];
    const done = await Promise.all(transfers.map((transfer) => transfer.commit()));
    expect(done).toHaveLength(3);
  });

  it('shows notes a page at a time', async () => {
    const args = { ownerId: bob.ownerId, limit: 2 };
    const first = await ledger.evaluate(ann.identity, 'accounts:purse', args);
    expect(first.credits.items).toHaveLength(2);
    const cursor = first.credits.next ?? '';
    const rest = await ledger.evaluate(ann.identity, 'accounts:purse', { ...args, cursor });
    const all = [...first.credits.items, ...rest.credits.items];
    expect(all.map(({ amount }) => amount).sort()).toEqual(['1', '2', '3']);
    expect(rest.credits.next).toBe(null);
    const outside = { ...args, cursor: '../\u0000account' };
    expect((await ledger.refusal(ann.identity, 'accounts:purse', outside)).code).toBe(
      'INPUT_INVALID',
    );
  });

  it('is as much after any sequence of transfers as was minted', async () => {
    const before = moneyOf(ledger.state);
    const step = fc.record({
      from: fc.constantFrom('ann', 'bob'),
      amount: fc.integer({ min: 1, max: 400 }),
      lane: fc.integer({ min: 0, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 4 }), async (steps) => {
        for (const { from, amount, lane } of steps) {
          const [payer, payee] = from === 'ann' ? [ann, bob] : [bob, ann];
          const transfer = { to: payee.ownerId, amounts: [String(amount)], lane };
          // The ledger under test counts all money after every transaction.
          const paid = await ledger
            .submit(payer.identity, 'accounts:transfer', transfer)
            .catch(() => undefined);
          if (paid !== undefined) await collect(payee.identity, paid.result.credits, lane);
        }
      }),
      { ...RUNS, numRuns: 5 },
    );
    expect(moneyOf(ledger.state)).toBe(before);
  });
});
