/** How a call begins: its argument, the rules it runs under, and whose account and purse it speaks for. */
import {
  type Records,
  callOn,
  newCaller,
  refusal,
  type Signing,
  taken,
} from '../support/laid-ledger.ts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { organisationAccountId } from '@holdfast/protocol/ids.js';
import { parseArguments } from '../../chaincode/src/call.ts';
import { CONFIG } from '../support/consortium.ts';
import { codeOf } from '../support/refusal.ts';

const ANN = 'a1'.repeat(32);
const NOTE = 'c1'.repeat(32);
const collecting = { lane: 3, credits: [NOTE], sources: [] };
const account = { ownerId: ANN, mspId: 'Alder', state: 'open' };

let ann: Signing;
let records: Records;
beforeAll(async () => {
  ann = await newCaller('Alder', 'owner');
  records = {
    [`signer/${ann.signer}`]: { ownerId: ANN },
    [`account/${ANN}`]: account,
    [`credit/${ANN}/${NOTE}`]: { amount: '7' },
  };
});

describe('an argument', () => {
  it('has at most 900,000 characters', () => {
    const empty = '{}';
    expect(parseArguments('accounts:config', empty.padEnd(900_000))).toEqual({});
    expect(codeOf(() => parseArguments('accounts:config', empty.padEnd(900_001)))).toBe(
      'TOO_LARGE',
    );
  });
  it('is that of the function called', async () => {
    expect(await refusal(records, ann, 'accounts:collect', { ...collecting, lane: 16 })).toMatch(
      'INPUT_INVALID: accounts:collect/lane',
    );
  });
});

describe('a caller', () => {
  it('is nobody before the ledger has rules', async () => {
    const unborn = { ...records, config: null };
    for (const name of ['accounts:collect', 'accounts:config'] as const) {
      const args = name === 'accounts:config' ? {} : collecting;
      expect(await refusal(unborn, ann, name, args)).toBe('NOT_FOUND: no configuration yet');
    }
  });
  it('has the role of its certificate, where the rules of now grant it', async () => {
    const purses = { ...collecting };
    const rules = (roles: string[]) => ({
      ...records,
      config: { ...CONFIG, organisations: [{ mspId: 'Alder', roles }] },
    });
    await taken(rules(['owner']), ann, 'accounts:collect', purses);
    expect(await refusal(rules(['agent']), ann, 'accounts:collect', purses)).toBe(
      'NOT_ALLOWED: Alder holds no role owner here',
    );
    expect((await taken(records, ann, 'accounts:config', {})).result).toEqual(CONFIG);
    const nobody = await newCaller('Alder', null);
    expect(await refusal(records, nobody, 'accounts:config', {})).toBe(
      'NOT_ALLOWED: Alder holds no role (none) here',
    );
  });
});

describe('an account', () => {
  it('is spoken for by the key that opened it', async () => {
    const { writes } = await taken(records, ann, 'accounts:collect', collecting);
    expect(Object.fromEntries(writes)).toEqual({
      [`credit/${ANN}/${NOTE}`]: null,
      [`purse/${ANN}/03`]: { balance: '7', fees: '0' },
    });
  });

  it.each<[string, (key: string) => Records, string]>([
    ['whose key opened none', (key) => ({ [key]: null }), 'no account was opened with this key'],
    ['that is not there', () => ({ [`account/${ANN}`]: null }), 'no such account'],
    [
      'of another organisation',
      () => ({ [`account/${ANN}`]: { ...account, mspId: 'Cedar' } }),
      `the account ${ANN} is not open to you`,
    ],
    [
      'that is closed',
      () => ({ [`account/${ANN}`]: { ...account, state: 'closed' } }),
      `the account ${ANN} is not open to you`,
    ],
  ])('is closed to one %s', async (_, change, sentence) => {
    const changed = { ...records, ...change(`signer/${ann.signer}`) };
    expect(await refusal(changed, ann, 'accounts:collect', collecting)).toBe(
      `NOT_ALLOWED: ${sentence}`,
    );
  });

  it('is that of the organisation for its agent, and of no owner', async () => {
    const agent = await newCaller('Alder', 'agent');
    const alder = hex(organisationAccountId('Alder'));
    const its = { ...records, [`credit/${alder}/${NOTE}`]: { amount: '9' } };
    const { writes, result, event } = await taken(its, agent, 'accounts:collect', collecting);
    expect([...writes.keys()]).toEqual([`credit/${alder}/${NOTE}`, `purse/${alder}/03`]);
    expect(result).toEqual({ lane: 3, balance: '9' });
    expect(event).toEqual({ name: 'Collected', payload: { ownerId: alder, lane: 3 } });
    expect((await callOn(records, agent, 'accounts:collect', collecting)).message).toMatch(
      'NOT_FOUND: no credit note',
    );
  });
});
