/** The ledger read as a ledger: blocks, transactions, and the events in them, on every ledger. */
import { expect, it } from '@jest/globals';
import { checkpointers, type CloseableAsyncIterable } from '@hyperledger/fabric-gateway';
import { common, peer } from '@hyperledger/fabric-protos';
import { dataHash, headerHash } from '../../network/devpeer/src/ledger-block.ts';
import { blockAt, chainInfo, refusalOf, type Session, textOf } from '../support/ledger-target.ts';

export function ledgerQueriesSuite(session: () => Session): void {
  it('chains its blocks by the hashes of their headers', async () => {
    await session().submit('put', session().key('q'), '1');
    const info = await chainInfo(session());
    let previous: Uint8Array = new Uint8Array();
    for (let number = 0; number < info.getHeight(); number++) {
      const block = await blockAt(session(), number);
      const header = block.getHeader() ?? new common.BlockHeader();
      expect(Buffer.from(header.getPreviousHash_asU8())).toEqual(Buffer.from(previous));
      const data = block.getData()?.getDataList_asU8() ?? [];
      expect(Buffer.from(header.getDataHash_asU8())).toEqual(Buffer.from(dataHash(data)));
      previous = headerHash(header);
    }
    expect(Buffer.from(info.getCurrentblockhash_asU8())).toEqual(Buffer.from(previous));
  });

  it('finds transactions and blocks by id, number and hash', async () => {
    const { contract, network, key, target } = session();
    const sent = await contract.submitAsync('put', { arguments: [key('q'), '2'] });
    const { blockNumber } = await sent.getStatus();
    const queries = network.getContract('qscc');
    const ask = (name: string, argument: string | Uint8Array) =>
      queries.evaluate(name, { arguments: [target.channel, argument] });
    const processed = peer.ProcessedTransaction.deserializeBinary(
      await ask('GetTransactionByID', sent.getTransactionId()),
    );
    expect(processed.getValidationcode()).toBe(0);
    const numberOf = (bytes: Uint8Array) =>
      BigInt(common.Block.deserializeBinary(bytes).getHeader()?.getNumber() ?? -1);
    expect(numberOf(await ask('GetBlockByTxID', sent.getTransactionId()))).toBe(blockNumber);
    const info = await chainInfo(session());
    const last = await ask('GetBlockByHash', info.getCurrentblockhash_asU8());
    expect(numberOf(last)).toBe(BigInt(info.getHeight() - 1));
    const refusal = await refusalOf(ask('GetTransactionByID', 'nope'));
    expect(refusal.message).toContain('no such transaction ID [nope] in index');
  });

  it('sends the events of contracts: as they come, from a block on, after a checkpoint', async () => {
    const { network, target, key, submit } = session();
    const live = await network.getChaincodeEvents(target.chaincode);
    const keys = ['e0', 'e1', 'e2'].map(key);
    for (const one of keys) await submit('put', one, '1');
    const events = await take(live, 3);
    expect(events.map(({ payload }) => textOf(payload))).toEqual(keys);
    const [earliest] = events;
    if (earliest === undefined) throw new Error('no event');

    const startBlock = earliest.blockNumber;
    const replay = await network.getChaincodeEvents(target.chaincode, { startBlock });
    expect((await take(replay, 3)).map(({ transactionId }) => transactionId)).toEqual(
      events.map(({ transactionId }) => transactionId),
    );

    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointChaincodeEvent(earliest);
    const resumed = await network.getChaincodeEvents(target.chaincode, { checkpoint });
    const rest = await take(resumed, 2);
    expect(rest.map(({ payload }) => textOf(payload))).toEqual(keys.slice(1));
  });

  it('sends no event of a transaction that was invalid', async () => {
    const { network, target, key, submit, commit } = session();
    const events = await network.getChaincodeEvents(target.chaincode);
    const invalid = await commit('put', [key('bad'), '1'], target.mspIds.slice(0, 1));
    expect(invalid.successful).toBe(false);
    await submit('putQuietly', key('quiet'), '1');
    await submit('put', key('good'), '1');
    expect(textOf((await first(events)).payload)).toBe(key('good'));
  });

  it('delivers blocks, filtered blocks, and blocks with private data', async () => {
    const { network, target, contract, key } = session();
    const sent = await contract.submitAsync('put', { arguments: [key('d'), 'payload-of-d'] });
    const startBlock = (await sent.getStatus()).blockNumber;
    const block = await first(await network.getBlockEvents({ startBlock }));
    expect(block.getHeader()?.getNumber()).toBe(Number(startBlock));
    expect(Buffer.from(block.serializeBinary()).includes('payload-of-d')).toBe(true);

    const filtered = await first(await network.getFilteredBlockEvents({ startBlock }));
    expect(filtered.getChannelId()).toBe(target.channel);
    const ids = filtered.getFilteredTransactionsList().map((one) => one.getTxid());
    expect(ids).toContain(sent.getTransactionId());
    expect(Buffer.from(filtered.serializeBinary()).includes('payload-of-d')).toBe(false);

    const both = await first(await network.getBlockAndPrivateDataEvents({ startBlock }));
    expect(both.getBlock()?.getHeader()?.getNumber()).toBe(Number(startBlock));
  });
}

async function first<T>(rows: CloseableAsyncIterable<T>): Promise<T> {
  const [row] = await take(rows, 1);
  if (row === undefined) throw new Error('the stream was empty');
  return row;
}

/** The first rows of a stream, which is closed then. */
async function take<T>(rows: CloseableAsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  try {
    for await (const row of rows) {
      taken.push(row);
      if (taken.length === count) break;
    }
  } finally {
    rows.close();
  }
  return taken;
}
