/**
 * Transactions and blocks of the ledger, decoded: paper 004's "query by transaction id or block number".
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import type { Contract } from '@hyperledger/fabric-gateway';
import { common, ledger, msp, peer } from '@hyperledger/fabric-protos';
import { fromUtf8, hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Ledger, LedgerBlock, LedgerTransaction } from './ledger.ts';
import { refusalOf } from './refusal.ts';
import { validationName } from './validation.ts';

/** Position of the validation codes among the metadata of a ledger block. */
const VALIDATION = common.BlockMetadataIndex.TRANSACTIONS_FILTER;
const { NOT_VALIDATED } = peer.TxValidationCode;
const ENDORSER_TRANSACTION = common.HeaderType.ENDORSER_TRANSACTION;

/** (Agent) Look-ups through Fabric's system contract `qscc`. */
export function newExplorer(
  system: () => Contract,
  channel: string,
): Pick<Ledger, 'transaction' | 'ledgerBlock'> {
  async function ask(f: string, key: string, what: string, signal: AbortSignal) {
    signal.throwIfAborted();
    try {
      return common.Block.deserializeBinary(await system().evaluateTransaction(f, channel, key));
    } catch (error) {
      throw lookUpRefusal(error, what);
    }
  }
  return {
    async transaction(transactionId, signal) {
      const what = `transaction ${transactionId}`;
      const block = decodeLedgerBlock(await ask('GetBlockByTxID', transactionId, what, signal));
      const found = block.transactions.find((each) => each.transactionId === transactionId);
      if (found === undefined) throw new HoldfastError('NOT_FOUND', `no ${what}`);
      return found;
    },
    async ledgerBlock(number, signal) {
      const what = `ledger block ${number}`;
      return decodeLedgerBlock(await ask('GetBlockByNumber', String(number), what, signal));
    },
  };
}

/** The system contract answers 500 with a sentence of Fabric's where there is nothing. */
function lookUpRefusal(error: unknown, what: string): HoldfastError {
  const refusal = refusalOf(error, what);
  const text = error instanceof Error ? error.message : '';
  return /no such|not found|entry not|in index/i.test(text)
    ? new HoldfastError('NOT_FOUND', `no ${what}`, { cause: error })
    : refusal;
}

/** A message that is absent is an empty one (protobuf). */
const orEmpty = <T>(message: T | undefined, Empty: new () => T): T => message ?? new Empty();

function decodeLedgerBlock(block: common.Block): LedgerBlock {
  const header = orEmpty(block.getHeader(), common.BlockHeader);
  const metadata = orEmpty(block.getMetadata(), common.BlockMetadata);
  const codes = metadata.getMetadataList_asU8()[VALIDATION];
  const number = header.getNumber();
  const envelopes = orEmpty(block.getData(), common.BlockData).getDataList_asU8();
  const transactions = envelopes.flatMap((bytes, index) => {
    const decoded = readableEnvelope(bytes);
    const validation = validationName(codes?.[index] ?? NOT_VALIDATED);
    return decoded === undefined ? [] : [{ ...decoded, ledgerBlockNumber: number, validation }];
  });
  return {
    number,
    previousHash: hex(header.getPreviousHash_asU8()),
    dataHash: hex(header.getDataHash_asU8()),
    transactions,
  };
}

type Decoded = Omit<LedgerTransaction, 'ledgerBlockNumber' | 'validation'>;

/** Orderers order what any member sends: an envelope that nobody can read must not hide those beside it. */
function readableEnvelope(bytes: Uint8Array): Decoded | undefined {
  try {
    return decodeEnvelope(bytes);
  } catch {
    return undefined;
  }
}

/** undefined where the envelope is no transaction of a contract, such as the configuration of a channel. */
function decodeEnvelope(bytes: Uint8Array): Decoded | undefined {
  const envelope = common.Envelope.deserializeBinary(bytes);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = orEmpty(payload.getHeader(), common.Header);
  const channel = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  if (channel.getType() !== ENDORSER_TRANSACTION) return undefined;
  const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  if (action === undefined) return undefined;
  const signed = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  const acted = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
  return {
    transactionId: channel.getTxId(),
    at: timeOf(channel),
    creator: nameOf(signed.getCreator_asU8()),
    bytes: { envelope: bytes.length, endorsements: endorsementBytes(acted) },
    ...decodeAction(acted),
  };
}

/** Whatever its sender wrote; null where that is no time. */
function timeOf(channel: common.ChannelHeader): string | null {
  const at = channel.getTimestamp()?.toDate();
  return at === undefined || Number.isNaN(at.getTime()) ? null : at.toISOString();
}

const endorsementBytes = (payload: peer.ChaincodeActionPayload): number =>
  orEmpty(payload.getAction(), peer.ChaincodeEndorsedAction)
    .getEndorsementsList()
    .reduce((sum, endorsement) => sum + endorsement.serializeBinary().length, 0);

function decodeAction(payload: peer.ChaincodeActionPayload) {
  const action = orEmpty(payload.getAction(), peer.ChaincodeEndorsedAction);
  const answer = peer.ProposalResponsePayload.deserializeBinary(
    action.getProposalResponsePayload_asU8(),
  );
  const done = peer.ChaincodeAction.deserializeBinary(answer.getExtension_asU8());
  const event = peer.ChaincodeEvent.deserializeBinary(done.getEvents_asU8());
  return {
    ...calledBy(payload.getChaincodeProposalPayload_asU8()),
    result: jsonOf(orEmpty(done.getResponse(), peer.Response).getPayload_asU8()),
    endorsers: action.getEndorsementsList().map((each) => nameOf(each.getEndorser_asU8()).mspId),
    ...touched(done.getResults_asU8()),
    event:
      event.getEventName() === ''
        ? null
        : { name: event.getEventName(), payload: jsonOf(event.getPayload_asU8()) },
  };
}

function calledBy(bytes: Uint8Array): Pick<Decoded, 'contract' | 'function' | 'args'> {
  const proposal = peer.ChaincodeProposalPayload.deserializeBinary(bytes);
  const invocation = peer.ChaincodeInvocationSpec.deserializeBinary(proposal.getInput_asU8());
  const spec = orEmpty(invocation.getChaincodeSpec(), peer.ChaincodeSpec);
  const [called, args] = orEmpty(spec.getInput(), peer.ChaincodeInput).getArgsList_asU8();
  const [contract = '', name = ''] = new TextDecoder().decode(called).split(':');
  return { contract, function: name, args: jsonOf(args ?? new Uint8Array()) };
}

/** State keys read and written, those of the contract only. */
function touched(results: Uint8Array): Pick<Decoded, 'reads' | 'writes'> {
  const reads: string[] = [];
  const writes: string[] = [];
  for (const space of ledger.rwset.TxReadWriteSet.deserializeBinary(results).getNsRwsetList()) {
    if (space.getNamespace().startsWith('_')) continue;
    const set = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(space.getRwset_asU8());
    reads.push(...set.getReadsList().map((read) => plainKey(read.getKey())));
    writes.push(...set.getWritesList().map((write) => plainKey(write.getKey())));
  }
  return { reads, writes };
}

/** A composite key is NUL-framed: `\0file\0<id>\0` reads `file/<id>`. */
const plainKey = (key: string): string =>
  key.startsWith('\0') ? key.slice(1, -1).replaceAll('\0', '/') : key;

function nameOf(serialized: Uint8Array): { mspId: string; commonName: string } {
  const identity = msp.SerializedIdentity.deserializeBinary(serialized);
  const { subject } = new X509Certificate(Buffer.from(identity.getIdBytes_asU8()));
  const commonName = /(?:^|\n)CN=(.*)/.exec(subject)?.[1] ?? '';
  return { mspId: identity.getMspid(), commonName };
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch {
    return null;
  }
}
