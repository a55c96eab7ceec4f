/**
 * The system chaincode `qscc`: queries of the ledger itself, by block and by transaction.
 *
 * @module
 */
import { common, peer } from '@hyperledger/fabric-protos';
import type { Channel } from './channel.ts';
import { transactionsOf } from './ledger-block.ts';

type Query = (channel: Channel, argument: Buffer) => Uint8Array;

const QUERIES = new Map<string, Query>([
  ['GetChainInfo', chainInfo],
  ['GetBlockByNumber', blockByNumber],
  ['GetBlockByHash', blockByHash],
  ['GetBlockByTxID', blockByTransaction],
  ['GetTransactionByID', transactionById],
]);

/** @throws with the text of a peer's refusal. */
export function queryLedger(channel: Channel, args: readonly Uint8Array[]): Uint8Array {
  const [name = '', channelId, argument] = args.map((arg) => Buffer.from(arg));
  if (channelId === undefined) {
    throw new Error(`Incorrect number of arguments, ${args.length}`);
  }
  if (name.toString() !== 'GetChainInfo' && argument === undefined) {
    throw new Error(`missing 3rd argument for ${name.toString()}`);
  }
  if (channelId.toString() !== channel.id) {
    throw new Error(`Invalid chain ID, ${channelId.toString()}`);
  }
  const query = QUERIES.get(name.toString());
  if (query === undefined) {
    throw new Error(
      `access denied for [${name.toString()}][${channel.id}]: [Unmapped policy for qscc/${name.toString()}]`,
    );
  }
  return query(channel, argument ?? Buffer.alloc(0));
}

function chainInfo({ store }: Channel): Uint8Array {
  const info = new common.BlockchainInfo();
  info.setHeight(store.height);
  info.setCurrentblockhash(store.tipHash);
  const last = store.block(store.height - 1)?.getHeader();
  info.setPreviousblockhash(last?.getPreviousHash_asU8() ?? new Uint8Array());
  return info.serializeBinary();
}

function blockByNumber({ store }: Channel, argument: Buffer): Uint8Array {
  const text = argument.toString();
  if (!/^\d+$/.test(text)) {
    throw new Error(
      `Failed to parse block number with error strconv.ParseUint: parsing "${text}": invalid syntax`,
    );
  }
  const block = store.block(Number(text));
  if (block === undefined) {
    throw new Error(
      `Failed to get block number ${text}, error no such block number [${text}] in index`,
    );
  }
  return block.serializeBinary();
}

function blockByHash({ store }: Channel, hash: Buffer): Uint8Array {
  const number = store.blockNumberByHash(hash);
  const block = number === undefined ? undefined : store.block(number);
  if (block === undefined) {
    throw new Error(
      `Failed to get block hash ${hash.toString()}, error no such block hash [${hash.toString('hex')}] in index`,
    );
  }
  return block.serializeBinary();
}

function blockByTransaction(channel: Channel, argument: Buffer): Uint8Array {
  return locate(channel, argument.toString(), 'block for txID').block.serializeBinary();
}

function transactionById(channel: Channel, argument: Buffer): Uint8Array {
  const { block, place } = locate(channel, argument.toString(), 'transaction with id');
  const processed = new peer.ProcessedTransaction();
  processed.setTransactionenvelope(transactionsOf(block)[place.index]?.envelope);
  processed.setValidationcode(place.code);
  return processed.serializeBinary();
}

function locate({ store }: Channel, transactionId: string, what: string) {
  const place = store.transactionPlace(transactionId);
  const block = place === undefined ? undefined : store.block(place.block);
  if (place === undefined || block === undefined) {
    throw new Error(
      `Failed to get ${what} ${transactionId}, error no such transaction ID [${transactionId}] in index`,
    );
  }
  return { block, place };
}
