/**
 * What a key was, newest first: read from the transactions that wrote it.
 *
 * @module
 */
import { ledger } from '@hyperledger/fabric-protos';
import { transactionsOf } from './ledger-block.ts';
import type { HistoryRecord } from './state-requests.ts';
import type { ChannelStore } from './store.ts';
import { parseTransaction } from './transaction.ts';

const { TxReadWriteSet, kvrwset } = ledger.rwset;

export async function* historyOf(
  store: ChannelStore,
  namespace: string,
  key: string,
): AsyncGenerator<HistoryRecord, void> {
  for await (const version of store.history(namespace, key)) {
    const block = store.block(version.block);
    const found = block && transactionsOf(block)[version.index];
    if (found === undefined) throw new Error('bug: the history names a transaction that is absent');
    const transaction = parseTransaction(found.envelope);
    const sets = TxReadWriteSet.deserializeBinary(transaction.action.getResults_asU8());
    const own = sets.getNsRwsetList().find((one) => one.getNamespace() === namespace);
    const writes = kvrwset.KVRWSet.deserializeBinary(own?.getRwset_asU8() ?? new Uint8Array());
    const write = writes.getWritesList().find((one) => one.getKey() === key);
    if (write === undefined) throw new Error('bug: the history names a write that is absent');
    yield {
      transactionId: transaction.channelHeader.getTxId(),
      value: write.getValue_asU8(),
      isDelete: write.getIsDelete() || write.getValue_asU8().length === 0,
      timestamp: transaction.channelHeader.getTimestamp(),
    };
  }
}
