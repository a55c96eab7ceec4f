/**
 * Evaluate and Endorse of gateway.Gateway, whatever transport carries them.
 *
 * Codes, texts and details are those of a peer's gateway, because clients match on them.
 *
 * @module
 */
import { status } from '@grpc/grpc-js';
import { gateway, type peer } from '@hyperledger/fabric-protos';
import { REFUSED } from './codes.ts';
import type { Context } from './context.ts';
import { type Answer, LEDGER_QUERIES } from './endorser.ts';
import { equalBytes } from './hash.ts';
import { parseProposal, prepareTransaction, type Proposal } from './proposal.ts';
import { checkProposal, ProposalRefused } from './proposal-checks.ts';
import { invalidArgument, type PeerDetail, RpcError } from './rpc-error.ts';
import type { StateReader } from './state-view.ts';

const SEE_DETAILS = 'see attached details for more info';
const NOT_EVALUATED = `failed to evaluate transaction, ${SEE_DETAILS}`;
const NOT_ENDORSED = `failed to endorse transaction, ${SEE_DETAILS}`;
const NOT_ENOUGH = `failed to collect enough transaction endorsements, ${SEE_DETAILS}`;

const answeredError = (why: string): string => `evaluate call to endorser returned error: ${why}`;

export class GatewayService {
  readonly #context: Context;
  #turn = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  async evaluate(request: gateway.EvaluateRequest): Promise<gateway.EvaluateResponse> {
    const proposal = parse(
      request.getProposedTransaction(),
      'failed to unpack transaction proposal: a signed proposal is required',
    );
    const mspId = this.#evaluator(proposal, request.getTargetOrganizationsList());
    this.#check(proposal, mspId, status.FAILED_PRECONDITION, answeredError);
    const { answer, problem } = await this.#onState((state) => this.#ask(proposal, mspId, state));
    if (problem !== undefined) {
      const detail = this.#detail(mspId, problem);
      throw answer.isFromChaincode
        ? new RpcError(status.UNKNOWN, answeredError(problem), [detail])
        : new RpcError(status.ABORTED, NOT_EVALUATED, [detail]);
    }
    const response = new gateway.EvaluateResponse();
    response.setResult(answer.response);
    return response;
  }

  async endorse(request: gateway.EndorseRequest): Promise<gateway.EndorseResponse> {
    const proposal = parse(
      request.getProposedTransaction(),
      'the proposed transaction must contain a signed proposal',
    );
    const named = new Set(request.getEndorsingOrganizationsList());
    this.#checkEndorsable(proposal, [...named]);
    const mspIds = named.size > 0 ? [...named] : this.#plan(proposal);
    this.#check(proposal, mspIds[0] ?? '', status.ABORTED, () => NOT_ENDORSED);
    const asked = await this.#onState((state) =>
      Promise.all(mspIds.map((mspId) => this.#ask(proposal, mspId, state))),
    );
    const { payload, endorsements } = this.#collect(asked, named.size > 0);
    const response = new gateway.EndorseResponse();
    response.setPreparedTransaction(prepareTransaction(proposal, payload, endorsements));
    return response;
  }

  /** The first organisation named, else the caller's own or any whose chaincode is connected. */
  #evaluator(proposal: Proposal, named: readonly string[]): string {
    const { channel, chaincode, organisations } = this.#context;
    const { channelId } = proposal;
    if (channelId !== channel.id) {
      throw new RpcError(
        status.UNAVAILABLE,
        `failed to get config for channel [${channelId}]: could not get last config for channel ${channelId}`,
      );
    }
    const isDefined = [chaincode, LEDGER_QUERIES].includes(proposal.chaincode);
    const known = named.filter((mspId) => organisations.mspIds.includes(mspId));
    const [mspId] = named.length > 0 ? known : this.#preferred(proposal);
    if (mspId === undefined || !isDefined) {
      throw new RpcError(
        status.FAILED_PRECONDITION,
        `no peers available to evaluate chaincode ${proposal.chaincode} in channel ${channelId}`,
      );
    }
    return mspId;
  }

  #checkEndorsable({ channelId, chaincode }: Proposal, named: readonly string[]): void {
    const { channel, organisations } = this.#context;
    const missing = named.filter((mspId) => !organisations.mspIds.includes(mspId));
    const isUnknown = channelId !== channel.id || chaincode !== this.#context.chaincode;
    if (missing.length === 0 && !isUnknown) return;
    if (named.length > 0) {
      const whom = missing.length > 0 ? missing : named;
      throw new RpcError(
        status.UNAVAILABLE,
        `failed to find any endorsing peers for org(s): ${whom.join(', ')}`,
      );
    }
    throw new RpcError(
      status.FAILED_PRECONDITION,
      `no combination of peers can be derived which satisfy the endorsement policy: No metadata was found for chaincode ${chaincode} in channel ${channelId}`,
    );
  }

  /** As many organisations as the policy needs. */
  #plan(proposal: Proposal): string[] {
    return this.#preferred(proposal).slice(0, this.#context.channel.rules.required);
  }

  /** All organisations: connected ones before others, the caller's own first, the rest in turn. */
  #preferred({ creator }: Proposal): string[] {
    const { mspIds } = this.#context.organisations;
    const own = this.#organisationOf(creator) ?? mspIds[0];
    const others = mspIds.filter((mspId) => mspId !== own);
    this.#turn = (this.#turn + 1) % Math.max(1, others.length);
    const inTurn = [...others.slice(this.#turn), ...others.slice(0, this.#turn)];
    const all = own === undefined ? [] : [own, ...inTurn];
    const isReady = (mspId: string): boolean => this.#context.endorser.isReady(mspId);
    return [...all.filter(isReady), ...all.filter((mspId) => !isReady(mspId))];
  }

  #organisationOf(creator: Uint8Array): string | undefined {
    try {
      return this.#context.organisations.identify(creator).mspId;
    } catch {
      return undefined;
    }
  }

  #check(proposal: Proposal, mspId: string, code: status, text: (why: string) => string): void {
    try {
      checkProposal(proposal, this.#context.channel, this.#context.organisations);
    } catch (error) {
      if (!(error instanceof ProposalRefused)) throw error;
      throw new RpcError(code, text(error.message), [this.#detail(mspId, error.message)]);
    }
  }

  /** Whatever is asked within `use` sees the same state. */
  async #onState<T>(use: (state: StateReader) => Promise<T>): Promise<T> {
    const view = this.#context.channel.store.currentView();
    try {
      return await use(view);
    } finally {
      await view.release();
    }
  }

  async #ask(proposal: Proposal, mspId: string, state: StateReader): Promise<Asked> {
    const answer = await this.#context.endorser.process(proposal, mspId, state);
    return { mspId, answer, problem: problemOf(answer) };
  }

  /** @throws when an organisation refuses, or two disagree: then the contract is not deterministic. */
  #collect(
    asked: readonly Asked[],
    isNamed: boolean,
  ): { payload: Uint8Array; endorsements: peer.Endorsement[] } {
    const first = asked[0]?.answer.endorsed?.payload ?? new Uint8Array();
    const endorsements = asked.map(({ mspId, answer: { endorsed }, problem }, index) => {
      if (endorsed !== undefined && equalBytes(endorsed.payload, first))
        return endorsed.endorsement;
      const text = index === 0 && !isNamed ? NOT_ENDORSED : NOT_ENOUGH;
      const why = problem ?? 'ProposalResponsePayloads do not match';
      throw new RpcError(status.ABORTED, text, [this.#detail(mspId, why)]);
    });
    return { payload: first, endorsements };
  }

  #detail(mspId: string, message: string): PeerDetail {
    return { mspId, message, address: this.#context.addressOf(mspId) };
  }
}

interface Asked {
  readonly mspId: string;
  readonly answer: Answer;
  readonly problem: string | undefined;
}

function problemOf({ response, isFromChaincode }: Answer): string | undefined {
  const code = response.getStatus();
  if (code >= 200 && code < REFUSED) return undefined;
  const message = response.getMessage();
  return isFromChaincode ? `chaincode response ${code}, ${message}` : message;
}

function parse(signed: peer.SignedProposal | undefined, absent: string): Proposal {
  if (signed === undefined || signed.getProposalBytes_asU8().length === 0) {
    throw invalidArgument(absent);
  }
  try {
    return parseProposal(signed);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalidArgument(`failed to unpack transaction proposal: ${why}`);
  }
}
