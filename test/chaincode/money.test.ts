import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  checkAmounts,
  creditId,
  deposit,
  EMPTY_PURSE,
  withdraw,
} from '../../chaincode/src/money.ts';
import { RUNS } from '../support/property.ts';
import { codeOf, refusalOf } from '../support/refusal.ts';

const amounts = fc.array(fc.bigInt({ min: 1n, max: 10n ** 30n }).map(String), { maxLength: 16 });

describe('a lane of a purse', () => {
  it('gives back what was put in, whatever the amounts', () => {
    fc.assert(
      fc.property(amounts, (some) => {
        const full = deposit({ ...EMPTY_PURSE, fees: '7' }, some);
        expect(withdraw(full, some)).toEqual({ balance: '0', fees: '7' });
      }),
      RUNS,
    );
  });

  it('never gives more than it holds', () => {
    const purse = { balance: '10', fees: '90' };
    expect(withdraw(purse, ['4', '6'])).toEqual({ balance: '0', fees: '90' });
    expect(codeOf(() => withdraw(purse, ['4', '7']))).toBe('BALANCE_TOO_LOW');
    expect(codeOf(() => withdraw(EMPTY_PURSE, ['1']))).toBe('BALANCE_TOO_LOW');
  });

  it('holds no more digits than its record has', () => {
    const most = '9'.repeat(38);
    expect(deposit(EMPTY_PURSE, [most]).balance).toBe(most);
    expect(codeOf(() => deposit({ balance: '1', fees: '0' }, [most]))).toBe('INPUT_INVALID');
  });
});

describe('a refusal about money', () => {
  it('says how much is wanted and how much is there', () => {
    expect(EMPTY_PURSE).toEqual({ balance: '0', fees: '0' });
    const detailOf = (call: () => unknown) => refusalOf(call).detail;
    expect(detailOf(() => withdraw({ balance: '10', fees: '90' }, ['4', '7']))).toBe(
      '11 wanted, the lane holds 10',
    );
    const full = { balance: '9'.repeat(38), fees: '0' };
    expect(detailOf(() => deposit(full, ['1']))).toBe('a lane holds at most 38 digits');
    expect(detailOf(() => checkAmounts(['0']))).toBe('/amounts/0: expected more than 0');
  });
});

describe('credit notes', () => {
  it('are never of nothing', () => {
    expect(refusalOf(() => checkAmounts(['1', '0'])).pointer).toBe('/amounts/1');
  });

  it('have ids of their own, by transaction and place', () => {
    const transactions = ['00'.repeat(32), 'ff'.repeat(32)];
    const ids = transactions.flatMap((id) => [0, 1, 2].map((i) => creditId(id, i)));
    expect(new Set(ids).size).toBe(6);
    expect(ids.every((id) => /^[0-9a-f]{64}$/.test(id))).toBe(true);
  });

  it('are named by a hash that stands for nothing else', () => {
    const transactionId = 'ab'.repeat(32);
    const label = 'holdfast/v1/credit';
    const framed = Buffer.concat([
      Buffer.of(0, 0, 0, label.length),
      Buffer.from(label),
      Buffer.from(transactionId, 'hex'),
      Buffer.of(0, 0, 1, 2),
    ]);
    const expected = createHash('sha256').update(framed).digest('hex');
    expect(creditId(transactionId, 0x0102)).toBe(expected);
  });
});
