/** What every function refuses: arguments that are not what its schema says, and callers without the role. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  EVALUATE,
  type Evaluate,
  SUBMIT,
  type Submit,
} from '@holdfast/protocol/ledger-transactions.js';
import { type BornLedger, newBornLedger } from '../support/born-ledger.ts';
import { CONFIG, providerAnnouncement } from '../support/consortium.ts';
import type { TestIdentity } from '../support/memory-ledger.ts';
import { newTestFile } from '../support/owner-of-files.ts';

let ledger: BornLedger;
let samples: Record<Submit | Evaluate, Record<string, unknown>>;
let callers: Partial<Record<Submit, TestIdentity>>;
let reader: TestIdentity;

const id = 'a'.repeat(64);

beforeAll(async () => {
  ledger = await newBornLedger();
  const ann = await ledger.openOwner('ann');
  const { registration } = await newTestFile(ann, { epoch: 0 });
  const operator = await ledger.as('Alder', 'operator');
  const provider = await ledger.as('Birch', 'provider');
  reader = operator;
  const file = { fileId: id, lane: 0 };
  const audit = { fileId: id, epoch: 0, now: 0 };
  const page = { cursor: 'x', limit: 5 };
  samples = {
    'accounts:configure': { config: CONFIG },
    'accounts:announce': { announcement: providerAnnouncement() },
    'accounts:open': { ...ann.opening },
    'accounts:transfer': { to: id, amounts: ['1'], lane: 0 },
    'accounts:collect': { lane: 0, credits: [id], sources: [1] },
    'accounts:grantBudget': { mspId: 'Alder', amounts: ['1'] },
    'files:register': { ...registration },
    'files:place': { fileId: id, nodes: ['birch-1', 'birch-2'] },
    'files:ask': { ...file, epoch: 0, node: null, blocks: 1 },
    'files:retire': file,
    'beacons:tick': { epoch: 1 },
    'beacons:advance': { epoch: 1, signature: registration.acceptance, msps: ['Alder'] },
    'audits:answer': {
      epoch: 0,
      now: 0,
      groups: [{ tagKeyId: id, files: [{ fileId: id }], proof: 'A'.repeat(171) }],
    },
    'audits:concede': { ...audit, uids: [0] },
    'audits:miss': audit,
    'accounts:config': {},
    'accounts:get': { ownerId: id },
    'accounts:bySigner': { signer: id },
    'accounts:tagKey': { tagKeyId: id },
    'accounts:purse': { ownerId: id, ...page },
    'accounts:organisation': { mspId: 'Alder', role: 'provider' },
    'accounts:organisations': {},
    'files:get': { fileId: id },
    'files:byAnchor': { anchor: id },
    'files:list': { ownerId: id, ...page },
    'shares:ofFile': { fileId: id },
    'beacons:current': {},
    'beacons:get': { epoch: 0 },
    'audits:due': { providerId: 'Birch', epoch: 0, ...page },
    'audits:get': { fileId: id, epoch: 0 },
    'audits:ofFile': { fileId: id, ...page },
  };
  callers = {
    'accounts:announce': provider,
    'accounts:open': ann.identity,
    'accounts:transfer': ann.identity,
    'accounts:collect': ann.identity,
    'files:register': ann.identity,
    'files:place': provider,
    'files:ask': ann.identity,
    'files:retire': ann.identity,
    'audits:answer': provider,
    'audits:concede': provider,
  };
});
afterAll(() => ledger.close());

const names = [...Object.keys(SUBMIT), ...Object.keys(EVALUATE)] as (Submit | Evaluate)[];
const refusal = (name: Submit | Evaluate, args: unknown) =>
  ledger.refusal(callers[name as Submit] ?? reader, name, args);

/** The same value with one member, at any depth, replaced. */
function* tampered(value: unknown, wrong: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return;
  for (const [member, inner] of Object.entries(value)) {
    const replace = (by: unknown) =>
      Array.isArray(value)
        ? value.map((item: unknown, i) => (String(i) === member ? by : item))
        : { ...value, [member]: by };
    yield replace(wrong);
    for (const deeper of tampered(inner, wrong)) yield replace(deeper);
  }
}

describe.each(names)('%s', (name) => {
  it('refuses what is not JSON, or not an object', async () => {
    for (const text of ['', '{', 'null', '[]', '"x"', '1', '{"a":1}{}']) {
      expect((await refusal(name, text)).code).toBe('INPUT_INVALID');
    }
  });

  it('refuses an unknown field and names it', async () => {
    const refused = await refusal(name, { ...samples[name], surplus: 1 });
    expect(refused.message).toBe(`INPUT_INVALID: ${name}/surplus: unknown field`);
    const text = JSON.stringify(samples[name]).replace('{', '{"__proto__":{"x":1},');
    expect((await refusal(name, text.replace(',}', '}'))).code).toBe('INPUT_INVALID');
  });

  it('refuses a member of another kind wherever it stands', async () => {
    for (const args of tampered(samples[name], { wrong: ['kind'] })) {
      const { code } = await refusal(name, args);
      expect([JSON.stringify(args).slice(0, 200), code]).toEqual([
        expect.any(String),
        'INPUT_INVALID',
      ]);
    }
  });

  it('refuses an argument that is too long', async () => {
    const args = { ...samples[name], surplus: 'x'.repeat(900_000) };
    expect((await refusal(name, args)).code).toBe('TOO_LARGE');
  });

  it('refuses a caller without a role in this consortium', async () => {
    const strangers = [
      await ledger.newIdentity('Alder', 'provider'),
      await ledger.newIdentity('Birch', 'delegate'),
      await ledger.newIdentity('Alder', 'admin'),
    ];
    for (const by of strangers) {
      expect((await ledger.refusal(by, name, samples[name])).code).toBe('NOT_ALLOWED');
    }
  });
});

describe('a function that does not exist', () => {
  it('is refused with a code too', async () => {
    for (const name of ['files:steal', 'accounts:beforeTransaction', 'audits:createContext']) {
      const refused = await ledger.refusal(reader, name as Submit, {});
      expect(refused.message).toBe(`INPUT_INVALID: no function ${name}`);
    }
  });
});
