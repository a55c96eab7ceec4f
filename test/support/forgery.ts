/** Transactions taken apart and put together again, signed anew by their creator: what an attacker would send. */
import { common, gateway, type ledger, peer } from '@hyperledger/fabric-protos';
import type { Session } from './ledger-target.ts';
import type { TestIdentity } from './memory-ledger.ts';

/** The parts of an endorsed transaction; what is changed here is what is sent. */
export interface Parts {
  readonly channelHeader: common.ChannelHeader;
  readonly transaction: peer.Transaction;
  readonly actionPayload: peer.ChaincodeActionPayload;
  readonly endorsed: peer.ChaincodeEndorsedAction;
  readonly response: peer.ProposalResponsePayload;
  readonly action: peer.ChaincodeAction;
}

/**
 * Endorses a call, lets `change` have its parts, signs and sends the result; answers the validation code.
 *
 * @param transactionId - whose status to ask for, where it is not the transaction's own.
 */
export async function sendForged(
  { contract, gateway: sdk, identity }: Session,
  call: { readonly name: string; readonly args: readonly string[] },
  change: (parts: Parts) => void | Promise<void>,
  transactionId?: string,
): Promise<number> {
  const proposal = contract.newProposal(call.name, { arguments: [...call.args] });
  const honest = await proposal.endorse();
  const prepared = gateway.PreparedTransaction.deserializeBinary(honest.getBytes());
  const envelope = prepared.getEnvelope();
  if (envelope === undefined) throw new Error('no envelope');
  envelope.setPayload(await forge(envelope.getPayload_asU8(), change));
  if (transactionId !== undefined) prepared.setTransactionId(transactionId);
  const signature = await identity.signer(envelope.getPayload_asU8());
  const sent = await sdk.newSignedTransaction(prepared.serializeBinary(), signature).submit();
  return (await sent.getStatus()).code;
}

async function forge(
  bytes: Uint8Array,
  change: (parts: Parts) => void | Promise<void>,
): Promise<Uint8Array> {
  const payload = common.Payload.deserializeBinary(bytes);
  const header = payload.getHeader();
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const [first] = transaction.getActionsList();
  if (header === undefined || first === undefined) throw new Error('no action');
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(first.getPayload_asU8());
  const endorsed = actionPayload.getAction();
  if (endorsed === undefined) throw new Error('not endorsed');
  const response = peer.ProposalResponsePayload.deserializeBinary(
    endorsed.getProposalResponsePayload_asU8(),
  );
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const action = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  await change({ channelHeader, transaction, actionPayload, endorsed, response, action });
  header.setChannelHeader(channelHeader.serializeBinary());
  first.setPayload(actionPayload.serializeBinary());
  payload.setData(transaction.serializeBinary());
  return payload.serializeBinary();
}

/** Puts a changed result in the place of the one that was endorsed. */
export function replaceResult(
  { endorsed, response, action }: Parts,
  set: ledger.rwset.TxReadWriteSet,
): void {
  action.setResults(set.serializeBinary());
  response.setExtension$(action.serializeBinary());
  endorsed.setProposalResponsePayload(response.serializeBinary());
}

/** Signs the response as it stands now. */
export async function endorseAs(
  { endorsed }: Parts,
  identity: TestIdentity,
  serialized: Uint8Array,
): Promise<peer.Endorsement> {
  const message = Buffer.concat([endorsed.getProposalResponsePayload_asU8(), serialized]);
  const endorsement = new peer.Endorsement();
  endorsement.setEndorser(serialized);
  endorsement.setSignature(await identity.signer(message));
  return endorsement;
}
