/** Look-ups of a ledger on which others than our contracts have written, too. */
// First: it silences what fabric-shim installs when it is imported.
import { type MemoryLedger, newMemoryLedger } from '../support/memory-ledger.ts';
import type { Contract, Network } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newExplorer } from '../../gateway/src/ledger/explorer.ts';
import { contracts } from '../support/ledger-contract/index.ts';
import { refusalOfAsync } from '../support/refusal.ts';

const { signal } = new AbortController();
let ledger: MemoryLedger;
let network: Network;
let contract: Contract;
let explorer: ReturnType<typeof newExplorer>;

beforeAll(async () => {
  ledger = await newMemoryLedger({ contracts });
  const identity = { mspId: 'Alder', role: 'owner', name: 'anna' };
  network = (await ledger.gatewayAs(identity)).getNetwork(ledger.channel);
  contract = network.getContract(ledger.chaincode);
  explorer = newExplorer(() => network.getContract('qscc'), ledger.channel);
});
afterAll(() => ledger.close());

/** Endorses and sends; the transaction may be found invalid. */
async function sent(name: string, ...args: string[]): Promise<string> {
  const transaction = await contract.newProposal(name, { arguments: args }).endorse();
  await (await transaction.submit()).getStatus();
  return transaction.getTransactionId();
}

describe('the explorer', () => {
  it('shows a transaction with its keys, its creator and who endorsed it', async () => {
    const id = await sent('put', 'letter', '{"to":"Ben"}');
    const found = await explorer.transaction(id, signal);
    expect(found).toMatchObject({
      transactionId: id,
      validation: 'VALID',
      creator: { mspId: 'Alder', commonName: 'anna' },
      contract: 'put',
      function: '',
      writes: ['letter'],
      event: { name: 'Put', payload: null },
    });
    expect(found.endorsers.length).toBeGreaterThanOrEqual(2);
    expect(found.bytes.envelope).toBeGreaterThan(found.bytes.endorsements);
    expect(Date.parse(found.at ?? '')).not.toBeNaN();
    const block = await explorer.ledgerBlock(found.ledgerBlockNumber, signal);
    expect(block.transactions).toContainEqual(found);
  });

  it('shows one without an event, and what is no JSON as nothing', async () => {
    const found = await explorer.transaction(await sent('putQuietly', 'note', 'x'), signal);
    expect(found).toMatchObject({ event: null, args: null, result: null });
  });

  it('says of a transaction that came too late that it counts for nothing', async () => {
    await sent('put', 'count', '1');
    const both = await Promise.all(
      ['increment', 'increment'].map((name) =>
        contract.newProposal(name, { arguments: ['count'] }).endorse(),
      ),
    );
    const found = [];
    for (const transaction of both) {
      await (await transaction.submit()).getStatus();
      found.push(await explorer.transaction(transaction.getTransactionId(), signal));
    }
    expect(found.map(({ validation }) => validation)).toEqual(['VALID', 'MVCC_READ_CONFLICT']);
    expect(found.map(({ result }) => result)).toEqual([2, 2]);
    expect(found[0]?.reads).toContain('count');
  });

  it('shows the first block, which holds the channel’s configuration and no transaction', async () => {
    const block = await explorer.ledgerBlock(0, signal);
    expect(block).toMatchObject({ number: 0, previousHash: '', transactions: [] });
    const next = await explorer.ledgerBlock(1, signal);
    expect(next.previousHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('finds nothing where nothing is', async () => {
    for (const look of [
      explorer.transaction('ab'.repeat(32), signal),
      explorer.ledgerBlock(9_999, signal),
    ]) {
      expect((await refusalOfAsync(look)).code).toBe('NOT_FOUND');
    }
  });

  it('passes a fault of the ledger on', async () => {
    const elsewhere = newExplorer(() => network.getContract('qscc'), 'another channel');
    const refusal = await refusalOfAsync(elsewhere.ledgerBlock(0, signal));
    expect(refusal.code).toBe('INTERNAL');
  });

  it('asks nothing once nobody waits', async () => {
    await expect(explorer.ledgerBlock(0, AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
