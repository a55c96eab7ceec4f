/** What an endorsed transaction reads, writes and says, out of the bytes that a client would sign. */
import { common, gateway, ledger, peer } from '@hyperledger/fabric-protos';

export interface Effects {
  /** Keys with `/` between their parts, ascending; ranges as `{start}..`. */
  readonly reads: readonly string[];
  /** Values by key; null where it is removed. */
  readonly writes: ReadonlyMap<string, unknown>;
  readonly event: { readonly name: string; readonly payload: unknown } | null;
  /** Bytes of the envelope, with a signature of its creator of the usual length. */
  readonly size: number;
}

/** Tag, length and an ECDSA signature in DER at its longest. */
const SIGNATURE_FIELD = 74;

/** @param prepared - `Transaction.getBytes()` of the gateway SDK. */
export function effectsOf(prepared: Uint8Array): Effects {
  const envelope = gateway.PreparedTransaction.deserializeBinary(prepared).getEnvelope();
  if (envelope === undefined) throw new Error('no envelope');
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const [action] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  if (action === undefined) throw new Error('no action');
  const endorsed = peer.ChaincodeActionPayload.deserializeBinary(
    action.getPayload_asU8(),
  ).getAction();
  if (endorsed === undefined) throw new Error('no endorsed action');
  const response = peer.ProposalResponsePayload.deserializeBinary(
    endorsed.getProposalResponsePayload_asU8(),
  );
  const result = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  const sets = ledger.rwset.TxReadWriteSet.deserializeBinary(result.getResults_asU8())
    .getNsRwsetList()
    .filter((set) => set.getNamespace() !== '_lifecycle')
    .map((set) => ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8()));
  return {
    reads: sets
      .flatMap((set) => [
        ...set.getReadsList().map((read) => readable(read.getKey())),
        ...set.getRangeQueriesInfoList().map((range) => `${readable(range.getStartKey())}..`),
      ])
      .sort(),
    writes: new Map(
      sets
        .flatMap((set) => set.getWritesList())
        .map((write) => [
          readable(write.getKey()),
          write.getIsDelete() ? null : JSON.parse(Buffer.from(write.getValue_asU8()).toString()),
        ]),
    ),
    event: eventOf(result.getEvents_asU8()),
    size: envelope.serializeBinary().length + SIGNATURE_FIELD,
  };
}

function eventOf(bytes: Uint8Array): Effects['event'] {
  const event = peer.ChaincodeEvent.deserializeBinary(bytes);
  if (event.getEventName() === '') return null;
  const payload = Buffer.from(event.getPayload_asU8()).toString();
  return { name: event.getEventName(), payload: JSON.parse(payload) };
}

/** Composite keys stand between U+0000. */
const readable = (key: string): string => key.split('\0').filter(Boolean).join('/');
