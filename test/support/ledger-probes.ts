/** Questions to a ledger whose answers were recorded from real peers: codes, texts, details, read-write sets. */
import { sign } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { connect, hash, type CloseableAsyncIterable } from '@hyperledger/fabric-gateway';
import { common, gateway as protos, ledger, msp, type peer } from '@hyperledger/fabric-protos';
import { isLowS } from '../../network/devpeer/src/signature.ts';
import { parseEnvelopeHeader, parseTransaction } from '../../network/devpeer/src/transaction.ts';
import { blockAt, type Session, textOf } from './ledger-target.ts';

type Probe = (session: Session) => Promise<unknown>;

/** A question that a peer never answers: it waits for a transaction that cannot come. */
const NO_ANSWER_MS = 5_000;
const FALSE_SIGNATURE = Buffer.from('3006020101020101', 'hex');
const { KVRWSet } = ledger.rwset.kvrwset;

const evaluate =
  (name: string, ...args: string[]): Probe =>
  (session) =>
    session.evaluate(name, ...args);
const submit =
  (name: string, ...args: string[]): Probe =>
  (session) =>
    session.submit(name, ...args);
const query =
  (name: string, ...args: string[]): Probe =>
  ({ network }) =>
    network.getContract('qscc').evaluateTransaction(name, ...args);

/** By the names under which they were recorded. */
export const PROBES: Readonly<Record<string, Probe>> = {
  'evaluate missing key': evaluate('get', 'nokey'),
  'evaluate chaincode throws': evaluate('fail', 'boom'),
  'endorse chaincode throws': submit('fail', 'boom'),
  'wrong number of arguments': evaluate('get'),
  'unknown function': evaluate('Nope', 'x'),
  'unknown contract prefix': evaluate('zzz:Get', 'x'),
  'unknown chaincode evaluate': ({ network }) =>
    network.getContract('zzz').evaluateTransaction('x'),
  'unknown chaincode endorse': ({ network }) => network.getContract('zzz').submitTransaction('x'),
  'unknown channel evaluate': ({ gateway }) =>
    gateway.getNetwork('nochan').getContract('bench').evaluateTransaction('get', 'x'),
  'unknown channel endorse': ({ gateway }) =>
    gateway.getNetwork('nochan').getContract('bench').submitTransaction('put', 'x', 'y'),
  'endorsing org missing': ({ contract }) =>
    contract.submit('put', { arguments: ['a', '1'], endorsingOrganizations: ['Org9MSP'] }),
  'evaluate target org missing': ({ contract }) =>
    contract.evaluate('get', { arguments: ['a'], endorsingOrganizations: ['Org9MSP'] }),
  nondeterminism: submit('random', 'r'),
  'nondeterminism, orgs given': ({ contract }) =>
    contract.submit('random', {
      arguments: ['r'],
      endorsingOrganizations: ['Org1MSP', 'Org2MSP'],
    }),
  'rich query': evaluate('richQuery'),
  'bad proposal signature evaluate': ({ contract, gateway }) => {
    const proposal = contract.newProposal('get', { arguments: ['a'] });
    return gateway.newSignedProposal(proposal.getBytes(), FALSE_SIGNATURE).evaluate();
  },
  'bad proposal signature endorse': ({ contract, gateway }) => {
    const proposal = contract.newProposal('put', { arguments: ['a', '1'] });
    return gateway.newSignedProposal(proposal.getBytes(), FALSE_SIGNATURE).endorse();
  },
  'high-S signature': ({ contract, gateway, identity }) => {
    const proposal = contract.newProposal('get', { arguments: ['a'] });
    let signature = sign('sha256', proposal.getDigest(), identity.privateKey);
    while (isLowS(signature)) {
      signature = sign('sha256', proposal.getDigest(), identity.privateKey);
    }
    return gateway.newSignedProposal(proposal.getBytes(), signature).evaluate();
  },
  'tampered tx signature': async ({ contract, gateway }) => {
    const endorsed = await contract.newProposal('put', { arguments: ['a', '9'] }).endorse();
    return gateway.newSignedTransaction(endorsed.getBytes(), FALSE_SIGNATURE).submit();
  },
  'foreign MSP id with own cert': (session) => evaluateAs(session, 'Org2MSP'),
  'unknown MSP': (session) => evaluateAs(session, 'Org9MSP'),
  'commit status unknown MSP': (session) => commitStatus(session, { mspId: 'Org9MSP' }),
  'commit status unknown channel': (session) => commitStatus(session, { channel: 'nochan' }),
  'commit status empty txid': (session) => commitStatus(session, { transactionId: '' }),
  'events unknown channel': async ({ gateway }) => {
    return firstOf(await gateway.getNetwork('nochan').getChaincodeEvents('bench'));
  },
  'block events unknown channel': async ({ gateway }) => {
    return firstOf(await gateway.getNetwork('nochan').getBlockEvents());
  },
  'duplicate txid endorse': async ({ contract }) => {
    const proposal = contract.newProposal('put', { arguments: ['dd', '1'] });
    await (await (await proposal.endorse()).submit()).getStatus();
    return proposal.endorse();
  },
  'duplicate txid evaluate after commit': async ({ contract }) => {
    const proposal = contract.newProposal('put', { arguments: ['dd2', '1'] });
    await (await (await proposal.endorse()).submit()).getStatus();
    return proposal.evaluate();
  },
  'submitting a read-only transaction': async ({ contract }) => {
    const sent = await contract.submitAsync('get', { arguments: ['seed'] });
    return `${(await sent.getStatus()).code}${textOf(sent.getResult())}`;
  },
  'submit a transaction that only reads a missing key': async ({ contract }) => {
    const sent = await contract.submitAsync('get', { arguments: ['none'] });
    return String((await sent.getStatus()).code);
  },
  'qscc GetTransactionByID mychannel,nope': query('GetTransactionByID', 'mychannel', 'nope'),
  'qscc GetBlockByNumber mychannel,99999': query('GetBlockByNumber', 'mychannel', '99999'),
  'qscc GetBlockByNumber mychannel,abc': query('GetBlockByNumber', 'mychannel', 'abc'),
  'qscc GetBlockByHash mychannel,zz': query('GetBlockByHash', 'mychannel', 'zz'),
  'qscc GetBlockByTxID mychannel,nope': query('GetBlockByTxID', 'mychannel', 'nope'),
  'qscc GetChainInfo nochan': query('GetChainInfo', 'nochan'),
  'qscc Nope mychannel,x': query('Nope', 'mychannel', 'x'),
  'qscc GetBlockByNumber mychannel': query('GetBlockByNumber', 'mychannel'),
  'qscc submit': ({ network }) =>
    network.getContract('qscc').submitTransaction('GetChainInfo', 'mychannel'),
  'calling a chaincode: unknown': evaluate('call', 'zzz', ''),
  'calling a chaincode: self': evaluate('call', 'bench', ''),
  'page then write refused?': evaluate('page', 'seed', 'seee', '2', ''),
  'read-write set: Put': effects('put', 'rk', 'v'),
  'read-write set: Increment missing': effects('increment', 'rk-new'),
  'read-write set: Delete': effects('delete', 'rk-new'),
  'read-write set: range': effects('count', 'seed', 'rk2'),
  'read-write set: empty range': effects('count', 'nothing-here', 'rk3'),
  'read-write set: page exact': effects('page', 'seed', 'seee', '1', ''),
  'read-write set: page short': effects('page', 'seed', 'seee', '5', ''),
  'genesis block type': async (session) => {
    const block = await blockAt(session, 0);
    const [bytes = new Uint8Array()] = block.getData()?.getDataList_asU8() ?? [];
    const { channelHeader } = parseEnvelopeHeader(common.Envelope.deserializeBinary(bytes));
    return JSON.stringify({
      meta: block.getMetadata()?.getMetadataList().length,
      n: block.getData()?.getDataList().length,
      type: channelHeader.getType(),
    });
  },
  'contract metadata': async (session) => {
    const text = await session.evaluate('org.hyperledger.fabric:GetMetadata');
    // the name and version of the package that it was started from are not the ledger's
    return JSON.stringify({ ...(JSON.parse(text) as object), info: {} });
  },
  'block metadata': async (session) => {
    const sent = await session.contract.submitAsync('put', { arguments: ['bm', '1'] });
    const block = await blockAt(session, Number((await sent.getStatus()).blockNumber));
    const metadata = block.getMetadata()?.getMetadataList_asU8() ?? [];
    const { TRANSACTIONS_FILTER, COMMIT_HASH } = common.BlockMetadataIndex;
    return JSON.stringify({
      n: metadata.length,
      validation: [...(metadata[TRANSACTIONS_FILTER] ?? [])],
      hasCommitHash: (metadata[COMMIT_HASH] ?? []).length > 0,
    });
  },
  'filtered block shape': async ({ contract, network }) => {
    const sent = await contract.submitAsync('put', { arguments: ['fb', '1'] });
    const startBlock = (await sent.getStatus()).blockNumber;
    const block = await firstOf(await network.getFilteredBlockEvents({ startBlock }));
    return block === undefined ? undefined : shapeOf(block);
  },
  'event for chaincode name only': async ({ network }) => {
    const event = await firstOf(await network.getChaincodeEvents('bench', { startBlock: 0n }));
    return JSON.stringify({ n: event?.chaincodeName, e: event?.eventName });
  },
};

/** Of a stream, which is closed then: an open one keeps its process alive. */
async function firstOf<T>(stream: CloseableAsyncIterable<T>): Promise<T | undefined> {
  try {
    for await (const one of stream) return one;
    return undefined;
  } finally {
    stream.close();
  }
}

export interface Recorded {
  readonly ok?: string | null;
  readonly err?: string;
  readonly code?: number;
  readonly message?: string;
  readonly details?: readonly string[];
}

/** The answer as it was recorded, what differs from run to run replaced. */
export async function ask(session: Session, probe: Probe): Promise<Recorded> {
  try {
    const value = await probe(session);
    return { ok: typeof value === 'string' ? normal(value) : null };
  } catch (error) {
    const refusal = error as Error & { code?: number; details?: PeerDetail[] };
    const details = (refusal.details ?? []).map((one) => `${blamed(one)}: ${normal(one.message)}`);
    const { code } = refusal;
    if (code !== undefined && UNANSWERED.includes(code)) return { err: 'no answer' };
    const recorded = { err: refusal.constructor.name, message: normal(refusal.message), details };
    return code === undefined ? recorded : { ...recorded, code };
  }
}

/** A deadline comes back as either of two codes. */
const UNANSWERED: readonly number[] = [status.CANCELLED, status.DEADLINE_EXCEEDED];

interface PeerDetail {
  readonly mspId: string;
  readonly message: string;
}

/** Which of two that differ is said to differ is a matter of which answers first. */
const blamed = ({ mspId, message }: PeerDetail): string =>
  message === 'ProposalResponsePayloads do not match' ? 'OrgXMSP' : mspId;

const normal = (text: string): string =>
  text.replaceAll(/Creator \[[0-9a-f]+\]/g, 'Creator [..]').replaceAll(/[0-9a-f]{64}/g, 'TXID');

function evaluateAs({ target, identity }: Session, mspId: string): Promise<Uint8Array> {
  const { client, channel, chaincode } = target;
  const credentials = Buffer.from(identity.certificatePem);
  const { signer } = identity;
  const gateway = connect({ client, identity: { mspId, credentials }, signer, hash: hash.none });
  return gateway.getNetwork(channel).getContract(chaincode).evaluateTransaction('get', 'a');
}

async function commitStatus(
  { gateway, identity }: Session,
  { mspId = 'Org1MSP', channel = 'mychannel', transactionId = 'ab' },
): Promise<unknown> {
  const serialized = new msp.SerializedIdentity();
  serialized.setMspid(mspId);
  serialized.setIdBytes(Buffer.from(identity.certificatePem));
  const request = new protos.CommitStatusRequest();
  request.setChannelId(channel);
  request.setTransactionId(transactionId);
  request.setIdentity(serialized.serializeBinary());
  const signed = new protos.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  signed.setSignature(await identity.signer(signed.getRequest_asU8()));
  return gateway
    .newCommit(signed.serializeBinary())
    .getStatus({ deadline: Date.now() + NO_ANSWER_MS });
}

/** What a call reads, writes and answers. */
function effects(name: string, ...args: string[]): Probe {
  return async ({ contract }) => {
    const endorsed = await contract.newProposal(name, { arguments: args }).endorse();
    const prepared = protos.PreparedTransaction.deserializeBinary(endorsed.getBytes());
    const { action, endorsements } = parseTransaction(
      prepared.getEnvelope() ?? new common.Envelope(),
    );
    const sets = ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8());
    const own = sets.getNsRwsetList().filter((one) => one.getNamespace() !== '_lifecycle');
    return JSON.stringify({
      ns: own.map((one) => [
        one.getNamespace(),
        withoutVersions(KVRWSet.deserializeBinary(one.getRwset_asU8()).toObject()),
        one.getCollectionHashedRwsetList().length,
      ]),
      resp: action.getResponse()?.toObject(),
      events: action.getEvents_asU8().length > 0,
      endorsements: endorsements.length,
      cc: action.getChaincodeId()?.toObject(),
    });
  };
}

/** A version is only marked as being there. */
function withoutVersions(set: object): unknown {
  const mark = (key: string, value: unknown): unknown => {
    if (key !== 'version') return value;
    return value === undefined ? undefined : 'V';
  };
  return JSON.parse(JSON.stringify(set, mark));
}

function shapeOf(block: peer.FilteredBlock): string {
  const transactions = block.toObject().filteredTransactionsList;
  return JSON.stringify(
    transactions.map((one) => ({
      ...one,
      txid: 'T',
      transactionActions: {
        n: one.transactionActions?.chaincodeActionsList.map(({ chaincodeEvent }) => ({
          ...chaincodeEvent,
          txId: 'T',
        })),
      },
    })),
  );
}
