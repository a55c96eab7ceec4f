/**
 * Ledger blocks: built, hashed, and read as streams of events want them.
 *
 * @module
 */
import { common, peer } from '@hyperledger/fabric-protos';
import { HeaderType, ValidationCode } from './codes.ts';
import { sha256 } from './hash.ts';
import { eventOf, parseEnvelopeHeader } from './transaction.ts';

const METADATA_SLOTS = 5;
const SEQUENCE = 0x30;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;

/** @param codes - one validation code for each envelope. */
export function newLedgerBlock(
  number: number,
  previousHash: Uint8Array,
  envelopes: readonly Uint8Array[],
  codes: readonly number[],
): common.Block {
  const header = new common.BlockHeader();
  header.setNumber(number);
  header.setPreviousHash(previousHash);
  header.setDataHash(dataHash(envelopes));
  const data = new common.BlockData();
  data.setDataList([...envelopes]);
  const slots = Array.from({ length: METADATA_SLOTS }, () => new Uint8Array());
  slots[common.BlockMetadataIndex.TRANSACTIONS_FILTER] = Uint8Array.from(codes);
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList(slots);
  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  return block;
}

export const dataHash = (envelopes: readonly Uint8Array[]): Uint8Array => sha256(...envelopes);

/** SHA-256 over the DER of SEQUENCE { INTEGER number, OCTET STRING previousHash, OCTET STRING dataHash }. */
export function headerHash(header: common.BlockHeader): Uint8Array {
  const hex = header.getNumber().toString(16);
  const number = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const isNegative = (number[0] ?? 0) >= 0x80;
  const body = Buffer.concat([
    der(INTEGER, isNegative ? Buffer.concat([Buffer.of(0), number]) : number),
    der(OCTET_STRING, header.getPreviousHash_asU8()),
    der(OCTET_STRING, header.getDataHash_asU8()),
  ]);
  return sha256(der(SEQUENCE, body));
}

/** A block's header is at most 9 + 34 + 34 bytes long, so one byte of length is enough. */
const der = (tag: number, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.of(tag, body.length), body]);

export interface LedgerTransaction {
  readonly envelope: common.Envelope;
  readonly bytes: Uint8Array;
  readonly code: number;
}

export const numberOf = (block: common.Block): number => block.getHeader()?.getNumber() ?? 0;

export function transactionsOf(block: common.Block): LedgerTransaction[] {
  const metadata = block.getMetadata()?.getMetadataList_asU8() ?? [];
  const codes = metadata[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ?? new Uint8Array();
  return (block.getData()?.getDataList_asU8() ?? []).map((bytes, index) => ({
    envelope: common.Envelope.deserializeBinary(bytes),
    bytes,
    code: codes[index] ?? ValidationCode.NOT_VALIDATED,
  }));
}

/** Events of the valid transactions, in order; the configuration block has none. */
export function chaincodeEventsOf(block: common.Block): peer.ChaincodeEvent[] {
  if (numberOf(block) === 0) return [];
  const valid = transactionsOf(block).filter(({ code }) => code === ValidationCode.VALID);
  return valid.flatMap(({ envelope }) => eventOf(envelope) ?? []);
}

/** The block without arguments, values and payloads of events. */
export function filteredBlockOf(block: common.Block, channelId: string): peer.FilteredBlock {
  const filtered = new peer.FilteredBlock();
  filtered.setChannelId(channelId);
  filtered.setNumber(numberOf(block));
  filtered.setFilteredTransactionsList(transactionsOf(block).map(filteredTransaction));
  return filtered;
}

function filteredTransaction({ envelope, code }: LedgerTransaction): peer.FilteredTransaction {
  const { channelHeader } = parseEnvelopeHeader(envelope);
  const type = channelHeader.getType();
  const filtered = new peer.FilteredTransaction();
  filtered.setTxid(channelHeader.getTxId());
  filtered.setType(type as HeaderType);
  filtered.setTxValidationCode(code as ValidationCode);
  if (type !== HeaderType.ENDORSER_TRANSACTION) return filtered;
  const actions = new peer.FilteredTransactionActions();
  const event = eventIn(envelope);
  if (event !== undefined) {
    event.setPayload('');
    actions.addChaincodeActions().setChaincodeEvent(event);
  }
  filtered.setTransactionActions(actions);
  return filtered;
}

/** A block may hold an envelope that says it is a transaction and does not decode: BAD_PAYLOAD. */
function eventIn(envelope: common.Envelope): peer.ChaincodeEvent | undefined {
  try {
    return eventOf(envelope);
  } catch {
    return undefined;
  }
}
