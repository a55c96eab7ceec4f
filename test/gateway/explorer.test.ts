/** Look-ups of a ledger on which others than our contracts have written, too. */
// First: it silences what fabric-shim installs when it is imported.
import { type MemoryLedger, newMemoryLedger } from '../support/memory-ledger.ts';
import type { Contract, Network } from '@hyperledger/fabric-gateway';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { common } from '@hyperledger/fabric-protos';
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

/** The same envelope, said to be of a year that no date has. */
function untimely(bytes: Uint8Array): Uint8Array {
  const envelope = common.Envelope.deserializeBinary(bytes);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = payload.getHeader();
  if (header === undefined) throw new Error('an envelope without a header');
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  channel.getTimestamp()?.setSeconds(2 ** 53 - 1);
  header.setChannelHeader(channel.serializeBinary());
  payload.setHeader(header);
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
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

  describe('of a ledger block that holds what a hostile member sent', () => {
    /** The explorer, shown the block of a transaction with its envelopes changed. */
    async function among(id: string, change: (envelopes: Uint8Array[]) => Uint8Array[]) {
      const system = network.getContract('qscc');
      const bytes = await system.evaluateTransaction('GetBlockByTxID', ledger.channel, id);
      const block = common.Block.deserializeBinary(bytes);
      const content = block.getData();
      if (content === undefined) throw new Error('a block without data');
      content.setDataList(change(content.getDataList_asU8()));
      const shown = { evaluateTransaction: async () => block.serializeBinary() };
      return newExplorer(() => shown as unknown as Contract, ledger.channel);
    }

    it('shows the transaction beside an envelope that nobody can read', async () => {
      const id = await sent('put', 'beside', '1');
      const garbage = Uint8Array.of(0x0a, 0xff, 0xff, 0x03, 1);
      const looking = await among(id, (envelopes) => [...envelopes, garbage]);
      expect(await looking.transaction(id, signal)).toMatchObject({ transactionId: id });
      expect((await looking.ledgerBlock(1, signal)).transactions).toHaveLength(1);
    });

    it('shows a transaction whose sender wrote a time that there is not, without one', async () => {
      const id = await sent('put', 'untimely', '1');
      const looking = await among(id, (envelopes) => envelopes.map(untimely));
      expect(await looking.transaction(id, signal)).toMatchObject({ transactionId: id, at: null });
    });
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
