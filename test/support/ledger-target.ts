/** A ledger under test, whatever it is: in memory, a process behind gRPC, a Fabric network. */
import { afterAll, beforeAll } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Contract, Gateway, Network, Status } from '@hyperledger/fabric-gateway';
import type { Client } from '@grpc/grpc-js';
import { common } from '@hyperledger/fabric-protos';
import { connectWith, type IdentityRequest, type TestIdentity } from './memory-ledger.ts';

export interface LedgerTarget {
  readonly client: Client;
  readonly channel: string;
  readonly chaincode: string;
  /** At least two; a majority endorses. */
  readonly mspIds: readonly string[];
  newIdentity(request: IdentityRequest): Promise<TestIdentity>;
  close(): Promise<void>;
}

type Call = (name: string, ...args: string[]) => Promise<string>;

/** A client of the first organisation, at work on the target. */
export interface Session {
  readonly target: LedgerTarget;
  readonly identity: TestIdentity;
  readonly gateway: Gateway;
  readonly network: Network;
  readonly contract: Contract;
  /** A key that no other run has used. */
  readonly key: (name: string) => string;
  readonly evaluate: Call;
  readonly submit: Call;
  /** Submits and tells what became of it, also when it is invalid. */
  readonly commit: (
    name: string,
    args: readonly string[],
    endorsers?: readonly string[],
  ) => Promise<Status>;
}

export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** Opens the target before the tests of the surrounding block, closes it after them. */
export function useLedger(open: () => Promise<LedgerTarget>): () => Session {
  let session: Session | undefined;
  beforeAll(async () => {
    const target = await open();
    const identity = await target.newIdentity({ mspId: target.mspIds[0] ?? '', role: 'owner' });
    session = newSession(target, identity);
  }, 30_000);
  afterAll(() => session?.target.close());
  return () => {
    if (session === undefined) throw new Error('the ledger is not open');
    return session;
  };
}

export function newSession(target: LedgerTarget, identity: TestIdentity): Session {
  const gateway = connectWith(target.client, identity);
  const network = gateway.getNetwork(target.channel);
  const contract = network.getContract(target.chaincode);
  const prefix = randomBytes(6).toString('hex');
  return {
    target,
    identity,
    gateway,
    network,
    contract,
    key: (name) => `${prefix}/${name}`,
    evaluate: async (name, ...args) => textOf(await contract.evaluateTransaction(name, ...args)),
    submit: async (name, ...args) => textOf(await contract.submitTransaction(name, ...args)),
    async commit(name, args, endorsers) {
      const proposal = contract.newProposal(name, {
        arguments: [...args],
        ...(endorsers === undefined ? {} : { endorsingOrganizations: [...endorsers] }),
      });
      const sent = await (await proposal.endorse()).submit();
      return sent.getStatus();
    },
  };
}

/** Number of blocks, their last hash. */
export async function chainInfo({ network, target }: Session): Promise<common.BlockchainInfo> {
  const queries = network.getContract('qscc');
  const bytes = await queries.evaluateTransaction('GetChainInfo', target.channel);
  return common.BlockchainInfo.deserializeBinary(bytes);
}

export async function blockAt({ network, target }: Session, number: number): Promise<common.Block> {
  const queries = network.getContract('qscc');
  const args = [target.channel, String(number)];
  return common.Block.deserializeBinary(
    await queries.evaluateTransaction('GetBlockByNumber', ...args),
  );
}

/** What a promise was refused with. */
export async function refusalOf<E extends Error>(promise: Promise<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error('expected a refusal');
}
