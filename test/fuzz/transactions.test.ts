/** Every function of the contracts, on good arguments made bad: a code of ours, and the state as it was. */
// First: it silences what fabric-shim installs when it is imported.
import { newSampledLedger, type SampledLedger } from '../support/transaction-samples.ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERRORS, parseRefusal } from '@holdfast/protocol/errors.js';
import { SUBMIT } from '@holdfast/protocol/ledger-transactions.js';
import { newContractCalls } from '../support/contract-calls.ts';
import { moneyOf } from '../support/contract-ledger.ts';
import { casesOf, type Draw, drawn, fuzz, pick } from '../support/fuzzing.ts';
import { changedJsonText } from '../support/mutation.ts';

const CODES = ['taken', ...Object.keys(ERRORS).filter((code) => code !== 'INTERNAL')];

let sampled: SampledLedger;
beforeAll(async () => {
  sampled = await newSampledLedger();
}, 60_000);
afterAll(() => sampled.ledger.close());

function newCase(draw: Draw) {
  const { name, by, args } = pick(draw, sampled.samples);
  const caller = draw(20) === 0 ? pick(draw, sampled.callers) : by;
  const text = draw(30) === 0 ? JSON.stringify(args) : changedJsonText(draw, args);
  return { name, by: caller, text };
}

/** A case as a failure shows it. */
const drawnCases = () =>
  drawn(newCase).map((it) => ({ ...it, toString: () => `${it.name} ${it.text.slice(0, 2_000)}` }));

describe('a transaction', () => {
  it('has good samples, so that what is refused is refused for what was changed', async () => {
    const call = newContractCalls(sampled.ledger.state);
    const refused = new Map<string, string>();
    for (const { name, by, args } of sampled.samples.toReversed()) {
      const { status, message } = await call(by, name, JSON.stringify(args));
      if (status === 200) refused.delete(name);
      else refused.set(name, message.replace(/:.*/, ''));
    }
    expect(Object.fromEntries(refused)).toEqual({
      'audits:get': 'NOT_FOUND',
      'audits:miss': 'NOT_DUE',
    });
  });

  it('whose arguments are not what they should be is refused with its field, or harmless', async () => {
    const { state } = sampled.ledger;
    const call = newContractCalls(state);
    const money = moneyOf(state);
    const expected = CODES;
    const fuzzed = { target: 'transactions', cases: casesOf(1_000, 0.38), expected };
    const outcomes = fuzz(fuzzed, drawnCases(), async ({ name, by, text }) => {
      const { status, message, writes } = await call(by, name, text);
      if (status !== 200) return codeOf(message, name);
      if (!(name in SUBMIT) && writes.size > 0) throw new Error(`${name} writes`);
      const after = moneyOf(new Map([...state, ...writes]));
      if (after !== money && name !== 'accounts:grantBudget') throw new Error(`${after - money}`);
      return 'taken';
    });
    expect(await outcomes).toEqual([]);
  });

  it('that is refused leaves the state of a whole ledger as it was', async () => {
    const { ledger } = sampled;
    const fuzzed = { target: 'endorsements', cases: casesOf(60, 0.01), expected: CODES };
    const before = await ledger.stateDigest();
    const outcomes = fuzz(fuzzed, drawnCases(), async ({ name, by, text }) => {
      const refused = await ledger.refusal(by, name, text).catch((error: unknown) => {
        if (String(error).includes('was not refused')) return undefined;
        throw error;
      });
      return refused === undefined ? 'taken' : codeOf(refused.message, name);
    });
    expect(await outcomes).toEqual([]);
    expect(await ledger.stateDigest()).toBe(before);
  });
});

/** The code of a refusal; one of bad input names its function and field, or says what the text is not. */
function codeOf(message: string, name: string): string {
  const refusal = parseRefusal(message);
  if (refusal === undefined || refusal.code === 'INTERNAL') throw new Error(`${name}: ${message}`);
  const { code, detail } = refusal;
  const isNamed = code !== 'INPUT_INVALID' || detail.startsWith(name) || /^\/\S*: /.test(detail);
  if (!isNamed) throw new Error(`no field: ${message}`);
  return refusal.code;
}
