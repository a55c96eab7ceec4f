/**
 * The requests that a running chaincode makes of its peer, one function for each type of message.
 *
 * @module
 */
import { ledger, peer } from '@hyperledger/fabric-protos';
import { nameOfType } from './chaincode-messages.ts';
import { MessageType } from './codes.ts';
import { QueryCursor, type QueryRows } from './query-cursor.ts';
import type { Simulator } from './simulator.ts';

const { KV, KeyModification } = ledger.queryresult;

export interface HistoryRecord {
  readonly transactionId: string;
  readonly value: Uint8Array;
  readonly isDelete: boolean;
  readonly timestamp: ReturnType<InstanceType<typeof KeyModification>['getTimestamp']>;
}

/** One run of the chaincode for one proposal. */
export interface Invocation {
  readonly channelId: string;
  readonly transactionId: string;
  readonly chaincode: string;
  readonly proposal: peer.SignedProposal;
  readonly input: peer.ChaincodeInput;
  readonly simulator: Simulator;
  history(key: string): AsyncIterable<HistoryRecord>;
}

/** What a run holds open while it lasts. */
export interface Run {
  readonly invocation: Invocation;
  readonly queries: Map<string, QueryCursor>;
  /** Counts the queries opened, for their ids. */
  opened: number;
}

type Answer = Uint8Array | undefined;
type Request = (run: Run, payload: Uint8Array) => Answer | Promise<Answer>;

const REQUESTS = new Map<MessageType, Request>([
  [MessageType.GET_STATE, getState],
  [MessageType.PUT_STATE, putState],
  [MessageType.DEL_STATE, deleteState],
  [MessageType.GET_STATE_BY_RANGE, getStateByRange],
  [MessageType.GET_HISTORY_FOR_KEY, getHistoryForKey],
  [MessageType.QUERY_STATE_NEXT, queryNext],
  [MessageType.QUERY_STATE_CLOSE, queryClose],
  [MessageType.INVOKE_CHAINCODE, invokeChaincode],
  [MessageType.GET_QUERY_RESULT, refuse('ExecuteQuery not supported for leveldb')],
  [MessageType.GET_STATE_METADATA, refuse(noSupportFor('key-level endorsement policies'))],
  [MessageType.PUT_STATE_METADATA, refuse(noSupportFor('key-level endorsement policies'))],
  [MessageType.GET_PRIVATE_DATA_HASH, refuse(noSupportFor('private data'))],
  [MessageType.PURGE_PRIVATE_DATA, refuse(noSupportFor('private data'))],
]);

/**
 * Answers one request.
 *
 * @throws with the text that the chaincode is to see.
 */
export function answerRequest(
  run: Run,
  type: MessageType,
  payload: Uint8Array,
): Answer | Promise<Answer> {
  const request = REQUESTS.get(type);
  if (request === undefined) throw new Error(noSupportFor(`message type ${nameOfType(type)}`));
  return request(run, payload);
}

function noSupportFor(what: string): string {
  return `the development ledger has no support for ${what}`;
}

function refuse(why: string): Request {
  return () => {
    throw new Error(why);
  };
}

/** A peer's words for a collection that the chaincode's definition does not have; here none has any. */
function refuseCollection({ invocation }: Run, collection: string): void {
  if (collection === '') return;
  const name = `${invocation.channelId}/${invocation.chaincode}/${collection}`;
  throw new Error(`collection ${name} could not be found`);
}

function getState(run: Run, payload: Uint8Array): Answer {
  const request = peer.GetState.deserializeBinary(payload);
  refuseCollection(run, request.getCollection());
  return run.invocation.simulator.get(run.invocation.chaincode, request.getKey());
}

function putState(run: Run, payload: Uint8Array): Answer {
  const request = peer.PutState.deserializeBinary(payload);
  refuseCollection(run, request.getCollection());
  const { simulator, chaincode } = run.invocation;
  simulator.put(chaincode, request.getKey(), request.getValue_asU8());
  return undefined;
}

function deleteState(run: Run, payload: Uint8Array): Answer {
  const request = peer.DelState.deserializeBinary(payload);
  refuseCollection(run, request.getCollection());
  run.invocation.simulator.delete(run.invocation.chaincode, request.getKey());
  return undefined;
}

async function getStateByRange(run: Run, payload: Uint8Array): Promise<Answer> {
  const request = peer.GetStateByRange.deserializeBinary(payload);
  refuseCollection(run, request.getCollection());
  const options = peer.QueryMetadata.deserializeBinary(request.getMetadata_asU8());
  const bookmark = options.getBookmark();
  const pageSize = options.getPagesize();
  const start = bookmark === '' ? request.getStartkey() : bookmark;
  const { id, cursor } = open(run, rangeRows(run, start, request.getEndkey(), pageSize));
  if (pageSize === 0 && bookmark === '') return nextBatch(run, id, cursor);
  const page = await cursor.page();
  run.queries.delete(id);
  return page.serializeBinary();
}

function getHistoryForKey(run: Run, payload: Uint8Array): Promise<Answer> {
  const key = peer.GetHistoryForKey.deserializeBinary(payload).getKey();
  const { id, cursor } = open(run, historyRows(run, key));
  return nextBatch(run, id, cursor);
}

function queryNext(run: Run, payload: Uint8Array): Promise<Answer> {
  const id = peer.QueryStateNext.deserializeBinary(payload).getId();
  const cursor = run.queries.get(id);
  if (cursor === undefined) throw new Error('query iterator not found');
  return nextBatch(run, id, cursor);
}

async function queryClose(run: Run, payload: Uint8Array): Promise<Answer> {
  const id = peer.QueryStateClose.deserializeBinary(payload).getId();
  await run.queries.get(id)?.close();
  run.queries.delete(id);
  const response = new peer.QueryResponse();
  response.setId(id);
  return response.serializeBinary();
}

/** There is one chaincode on one channel, and a chaincode may not call itself. */
function invokeChaincode({ invocation }: Run, payload: Uint8Array): Answer {
  const spec = peer.ChaincodeSpec.deserializeBinary(payload);
  const [called = '', channelId] = (spec.getChaincodeId()?.getName() ?? '').split('/');
  const [name = ''] = called.split(':');
  if (channelId !== undefined && channelId !== invocation.channelId) {
    throw new Error(`failed to find ledger for channel: ${channelId}`);
  }
  const transaction = `${invocation.transactionId}(${invocation.channelId})`;
  throw new Error(
    name === invocation.chaincode
      ? `execute failed: error sending: txid: ${transaction} exists`
      : `execute failed: invalid invocation: [channel ${invocation.channelId}] failed to get chaincode container info for ${name}: chaincode ${name} not found`,
  );
}

function open(run: Run, rows: QueryRows): { id: string; cursor: QueryCursor } {
  run.opened += 1;
  const id = `${run.invocation.transactionId}-${run.opened}`;
  const cursor = new QueryCursor(id, rows);
  run.queries.set(id, cursor);
  return { id, cursor };
}

async function nextBatch(run: Run, id: string, cursor: QueryCursor): Promise<Answer> {
  const response = await cursor.next();
  if (!response.getHasMore()) run.queries.delete(id);
  return response.serializeBinary();
}

async function* rangeRows(run: Run, start: string, end: string, pageSize: number): QueryRows {
  const { simulator, chaincode } = run.invocation;
  const rows = simulator.range(chaincode, start, end, pageSize);
  try {
    let row = await rows.next();
    for (; row.done !== true; row = await rows.next()) {
      const encoded = new KV();
      encoded.setNamespace(chaincode);
      encoded.setKey(row.value.key);
      encoded.setValue(row.value.value);
      yield encoded.serializeBinary();
    }
    return row.value;
  } finally {
    await rows.return('');
  }
}

async function* historyRows(run: Run, key: string): QueryRows {
  for await (const record of run.invocation.history(key)) {
    const encoded = new KeyModification();
    encoded.setTxId(record.transactionId);
    encoded.setValue(record.value);
    encoded.setIsDelete(record.isDelete);
    encoded.setTimestamp(record.timestamp);
    yield encoded.serializeBinary();
  }
  return '';
}
