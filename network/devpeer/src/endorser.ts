/**
 * Runs a proposal on behalf of one organisation's peer, and signs what came of it.
 *
 * @module
 */
import { peer } from '@hyperledger/fabric-protos';
import { type Channel, definitionKey } from './channel.ts';
import type { ChaincodeSession } from './chaincode-session.ts';
import { MessageType, REFUSED } from './codes.ts';
import { historyOf } from './history.ts';
import { queryLedger } from './ledger-queries.ts';
import type { Organisations, SigningIdentity } from './organisations.ts';
import { type Proposal, responsePayload } from './proposal.ts';
import { Simulator } from './simulator.ts';
import type { StateReader } from './state-view.ts';
import { LIFECYCLE } from './validator.ts';

/** The system chaincode that answers queries of the ledger itself. */
export const LEDGER_QUERIES = 'qscc';
const VERSION = '1.0';
const FAILURE = 500;

/** What a peer answers to a proposal. */
export interface Answer {
  readonly response: peer.Response;
  /** Whether the chaincode itself refused; otherwise a failed response is the peer's own. */
  readonly isFromChaincode: boolean;
  /** Serialized ProposalResponsePayload and the peer's signature over it, if it endorses. */
  readonly endorsed?: { readonly payload: Uint8Array; readonly endorsement: peer.Endorsement };
}

export interface EndorserOptions {
  readonly organisations: Organisations;
  /** The peers' identities, by MSP id. */
  readonly peers: ReadonlyMap<string, SigningIdentity>;
}

export class Endorser {
  readonly #channel: Channel;
  readonly #options: EndorserOptions;
  readonly #sessions = new Map<string, ChaincodeSession>();

  constructor(channel: Channel, options: EndorserOptions) {
    this.#channel = channel;
    this.#options = options;
  }

  attach(mspId: string, session: ChaincodeSession): void {
    this.#sessions.set(mspId, session);
  }

  detach(mspId: string, session: ChaincodeSession): void {
    if (this.#sessions.get(mspId) === session) this.#sessions.delete(mspId);
  }

  /** Whether the organisation's chaincode is connected. */
  isReady(mspId: string): boolean {
    return this.#sessions.has(mspId);
  }

  /** @param state - the same for every organisation asked, or a commit in between would look like a disagreement. */
  async process(proposal: Proposal, mspId: string, state: StateReader): Promise<Answer> {
    if (proposal.chaincode === LEDGER_QUERIES) return this.#query(proposal);
    const failed = `error in simulation: failed to execute transaction ${proposal.transactionId}: `;
    try {
      return await this.#simulate(proposal, mspId, state);
    } catch (error) {
      const response = newResponse(FAILURE, failed + textOf(error));
      return { response, isFromChaincode: false };
    }
  }

  async #simulate(proposal: Proposal, mspId: string, state: StateReader): Promise<Answer> {
    const simulator = new Simulator(proposal.transactionId, state);
    simulator.get(LIFECYCLE, definitionKey(proposal.chaincode));
    const done = await this.#run(proposal, mspId, simulator);
    if (done.getType() === MessageType.ERROR) {
      const text = Buffer.from(done.getPayload_asU8()).toString();
      throw new Error(`transaction returned with failure: ${text}`);
    }
    const response = peer.Response.deserializeBinary(done.getPayload_asU8());
    if (response.getStatus() >= REFUSED) return { response, isFromChaincode: true };
    const event = done.getChaincodeEvent();
    event?.setChaincodeId(proposal.chaincode);
    event?.setTxId(proposal.transactionId);
    const results = simulator.result();
    const payload = responsePayload(proposal, { response, results, event }, VERSION);
    return { response, isFromChaincode: true, endorsed: this.#endorse(mspId, payload) };
  }

  #run(proposal: Proposal, mspId: string, simulator: Simulator): Promise<peer.ChaincodeMessage> {
    const { chaincode, channelId, transactionId } = proposal;
    const session = this.#sessions.get(mspId);
    if (session === undefined) {
      throw new Error(
        `could not launch chaincode ${chaincode}: the chaincode of ${mspId} is not connected`,
      );
    }
    return session.execute({
      channelId,
      transactionId,
      chaincode,
      proposal: proposal.signed,
      input: proposal.input,
      simulator,
      history: (key) => historyOf(this.#channel.store, chaincode, key),
    });
  }

  #endorse(mspId: string, payload: Uint8Array): NonNullable<Answer['endorsed']> {
    const signer = this.#options.peers.get(mspId);
    if (signer === undefined) throw new Error(`bug: no peer of ${mspId}`);
    const message = Buffer.concat([payload, signer.serialized]);
    const signature = signer.sign(message);
    this.#options.organisations.remember(signer.serialized, message, signature);
    const endorsement = new peer.Endorsement();
    endorsement.setEndorser(signer.serialized);
    endorsement.setSignature(signature);
    return { payload, endorsement };
  }

  #query(proposal: Proposal): Answer {
    try {
      const payload = queryLedger(this.#channel, proposal.input.getArgsList_asU8());
      return { response: newResponse(200, '', payload), isFromChaincode: true };
    } catch (error) {
      return { response: newResponse(FAILURE, textOf(error)), isFromChaincode: true };
    }
  }
}

function newResponse(status: number, message: string, payload?: Uint8Array): peer.Response {
  const response = new peer.Response();
  response.setStatus(status);
  response.setMessage(message);
  if (payload !== undefined) response.setPayload(payload);
  return response;
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
