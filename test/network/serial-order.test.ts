/**
 * Multi-version concurrency control against a naive serial ledger: what is valid behaves as if run alone, in the order
 * of the blocks, and what is invalid is what read something that had changed.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { transactionsOf } from '../../network/devpeer/src/ledger-block.ts';
import { parseEnvelopeHeader } from '../../network/devpeer/src/transaction.ts';
import { contracts } from '../support/ledger-contract/index.ts';
import { digestOf, type Operation } from '../support/ledger-contract/ledger-contract.ts';
import { blockAt, chainInfo, newSession, type Session, textOf } from '../support/ledger-target.ts';
import { type MemoryLedger, newMemoryLedger } from '../support/memory-ledger.ts';

const VALID = 0;
const CONFLICTS = [11, 12];
const SEED = 20_261_121;

/** Values with the place of the transaction that wrote them. */
type State = Map<string, { readonly value: string; readonly version: string }>;

interface Endorsed {
  readonly operations: readonly Operation[];
  readonly seen: readonly unknown[];
  /** What it read, with versions, in the state it was endorsed on. */
  readonly readings: readonly string[];
}

const key = fc.constantFrom('a', 'b', 'c', 'ab', 'b~', 'é');
const operation: fc.Arbitrary<Operation> = fc.record({
  verb: fc.constantFrom('get', 'put', 'delete', 'range'),
  key,
});
const transaction = fc.record({
  operations: fc.array(operation, { minLength: 1, maxLength: 5 }),
  /** How many groups later it is sent than endorsed. */
  delay: fc.nat(1),
});
const groups = fc.array(fc.array(transaction, { minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
});

describe('a ledger with concurrent transactions', () => {
  let ledger: MemoryLedger;
  let session: Session;
  let runs = 0;
  const codes = new Set<number>();

  beforeAll(async () => {
    ledger = await newMemoryLedger({ contracts });
    session = newSession(ledger, await ledger.newIdentity({ mspId: 'Alder', role: 'owner' }));
  });

  afterAll(() => ledger.close());

  it('is one that runs its valid transactions one by one', async () => {
    await fc.assert(
      fc.asyncProperty(groups, async (plan) => {
        const prefix = session.key(`${runs++}/`);
        const state: State = new Map();
        const sent = new Map<string, Endorsed>();
        let late: (() => Promise<unknown>)[] = [];
        for (const group of [...plan, []]) {
          const endorsed = await Promise.all(
            group.map(async ({ operations, delay }) => {
              const own = operations.map((one) => ({ ...one, key: prefix + one.key }));
              const proposal = await session.contract
                .newProposal('run', { arguments: [JSON.stringify(own)] })
                .endorse();
              const seen = JSON.parse(textOf(proposal.getResult())) as unknown[];
              sent.set(proposal.getTransactionId(), {
                operations: own,
                seen,
                readings: readingsOf(state, own),
              });
              const send = async () => (await proposal.submit()).getStatus();
              return { delay, send };
            }),
          );
          const from = (await chainInfo(session)).getHeight();
          const now = endorsed.filter(({ delay }) => delay === 0).map(({ send }) => send);
          await Promise.all([...late, ...now].map((send) => send()));
          late = endorsed.filter(({ delay }) => delay > 0).map(({ send }) => send);
          await replay(from, sent, state);
        }
        const keys = JSON.parse(await session.evaluate('range', prefix, `${prefix}\u{10ffff}`));
        expect(keys).toEqual(keysOf(state, prefix, `${prefix}\u{10ffff}`));
        for (const one of state.keys()) {
          expect(await session.evaluate('get', one)).toBe(state.get(one)?.value);
        }
      }),
      { numRuns: 20, seed: SEED },
    );
    expect([...codes].sort((a, b) => a - b)).toEqual([VALID, ...CONFLICTS]);
  });

  /** Runs the new blocks on the model and compares. */
  async function replay(
    from: number,
    sent: ReadonlyMap<string, Endorsed>,
    state: State,
  ): Promise<void> {
    const height = (await chainInfo(session)).getHeight();
    for (let number = from; number < height; number++) {
      const written = new Set<string>();
      for (const [index, one] of transactionsOf(await blockAt(session, number)).entries()) {
        const id = parseEnvelopeHeader(one.envelope).channelHeader.getTxId();
        const endorsed = sent.get(id);
        if (endorsed === undefined) throw new Error('a transaction that nobody sent');
        const { operations, seen, readings } = endorsed;
        codes.add(one.code);
        const isStale =
          JSON.stringify(readingsOf(state, operations)) !== JSON.stringify(readings) ||
          operations.some(({ verb, key: read }) => verb === 'get' && written.has(read));
        expect(isStale ? CONFLICTS : [VALID]).toContain(one.code);
        if (isStale) continue;
        expect(run(state, operations, id, `${number}.${index}`, written)).toEqual(seen);
      }
    }
  }
});

/** Everything that the operations read, as version control sees it. */
function readingsOf(state: State, operations: readonly Operation[]): string[] {
  const version = (one: string): string => `${one}=${state.get(one)?.version ?? ''}`;
  return operations.flatMap(({ verb, key: read }) => {
    if (verb === 'get') return [version(read)];
    return verb === 'range' ? [keysOf(state, read, `${read}~`).map(version).join()] : [];
  });
}

/** Runs operations alone; their own writes appear only after them. */
function run(
  state: State,
  operations: readonly Operation[],
  id: string,
  version: string,
  written: Set<string>,
): unknown[] {
  const seen: unknown[] = [id];
  const writes = new Map<string, string | undefined>();
  for (const { verb, key: one } of operations) {
    if (verb === 'get') seen.push(state.get(one)?.value ?? '');
    else if (verb === 'range') seen.push(keysOf(state, one, `${one}~`));
    else writes.set(one, verb === 'put' ? digestOf(seen) : undefined);
  }
  for (const [one, value] of writes) {
    written.add(one);
    if (value === undefined) state.delete(one);
    else state.set(one, { value, version });
  }
  return seen;
}

function keysOf(state: State, start: string, end: string): string[] {
  const bytes = (text: string): Buffer => Buffer.from(text);
  const isWithin = (one: string): boolean =>
    Buffer.compare(bytes(one), bytes(start)) >= 0 && Buffer.compare(bytes(one), bytes(end)) < 0;
  return [...state.keys()].filter(isWithin).sort((a, b) => Buffer.compare(bytes(a), bytes(b)));
}
