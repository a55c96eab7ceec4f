/** The contracts on the in-memory ledger: typed calls, their effects key by key, and money counted after each. */
// First: it silences what fabric-shim installs when it is imported.
import { checkRecord } from './ledger-schemas.ts';
import { newMemoryLedger, type TestIdentity } from './memory-ledger.ts';
import { createHash } from 'node:crypto';
import { type Contract, GatewayError } from '@hyperledger/fabric-gateway';
import { HoldfastError, parseRefusal } from '@holdfast/protocol/errors.js';
import {
  type Args,
  type Evaluate,
  type Result,
  SUBMIT,
  type Submit,
} from '@holdfast/protocol/ledger-transactions.js';
import type { Role } from '@holdfast/protocol/schema.js';
import { contracts } from '../../chaincode/src/index.ts';
import { CHANNEL } from './consortium.ts';
import { type Effects, effectsOf } from './write-set.ts';

export interface Submitted<F extends Submit> extends Effects {
  readonly result: Result<F>;
  readonly transactionId: string;
}

/** An endorsed transaction that has not been sent. */
export interface Endorsed<F extends Submit> extends Submitted<F> {
  /** @throws `CONFLICT` where it read what another has changed meanwhile. */
  commit(): Promise<Submitted<F>>;
}

export interface EndorseOptions {
  readonly endorsers?: readonly string[];
}

export interface ContractLedger {
  newIdentity(mspId: string, role: Role | (string & {})): Promise<TestIdentity>;
  /** Another certificate for the key of an identity, from any organisation. */
  certify(mspId: string, role: Role, spki: Uint8Array, key: TestIdentity): Promise<TestIdentity>;
  /** @param options.endorsers - organisations, where not as many as the policy needs. */
  endorse<F extends Submit>(
    by: TestIdentity,
    name: F,
    args: Args<F>,
    options?: EndorseOptions,
  ): Promise<Endorsed<F>>;
  submit<F extends Submit>(by: TestIdentity, name: F, args: Args<F>): Promise<Submitted<F>>;
  evaluate<F extends Evaluate>(by: TestIdentity, name: F, args: Args<F>): Promise<Result<F>>;
  /** The refusal of a submit or evaluate that must not succeed; `args` may be any JSON, or text that is none. */
  refusal(by: TestIdentity, name: Submit | Evaluate, args: unknown): Promise<HoldfastError>;
  /** Every record of the state, as committed write sets left it. */
  readonly state: ReadonlyMap<string, unknown>;
  /** SHA-256 over every key and value that the peer itself holds. */
  stateDigest(): Promise<string>;
  close(): Promise<void>;
}

export async function newContractLedger(): Promise<ContractLedger> {
  const ledger = await newMemoryLedger({ contracts, channel: CHANNEL });
  const state = new Map<string, unknown>();
  let minted = 0n;

  const contractOf = (by: TestIdentity, name: string): [Contract, string] => {
    const [contract = '', fn = ''] = name.split(':');
    const network = ledger.connect(by).getNetwork(ledger.channel);
    return [network.getContract(ledger.chaincode, contract), fn];
  };

  async function endorse<F extends Submit>(
    by: TestIdentity,
    name: F,
    args: unknown,
    { endorsers }: EndorseOptions = {},
  ) {
    const [contract, fn] = contractOf(by, name);
    const proposal = contract.newProposal(fn, {
      arguments: [textOf(args)],
      ...(endorsers === undefined ? {} : { endorsingOrganizations: [...endorsers] }),
    });
    const transaction = await proposal.endorse().catch(refuse);
    const submitted: Submitted<F> = {
      ...effectsOf(transaction.getBytes()),
      result: parse(transaction.getResult()) as Result<F>,
      transactionId: transaction.getTransactionId(),
    };
    const commit = async () => {
      const { successful } = await (await transaction.submit()).getStatus();
      if (!successful) throw new HoldfastError('CONFLICT', `${name} came too late`);
      for (const [key, value] of submitted.writes) {
        checkRecord(key, value);
        if (value === null) state.delete(key);
        else state.set(key, value);
      }
      if (name === 'accounts:grantBudget') minted += moneyOf(submitted.writes);
      const found = moneyOf(state);
      if (found !== minted) throw new Error(`${name}: ${minted} were minted, ${found} are there`);
      return submitted;
    };
    return { ...submitted, commit };
  }

  async function evaluate<F extends Evaluate>(by: TestIdentity, name: F, args: unknown) {
    const [contract, fn] = contractOf(by, name);
    const bytes = await contract.evaluate(fn, { arguments: [textOf(args)] }).catch(refuse);
    return parse(bytes) as Result<F>;
  }

  return {
    state,
    newIdentity: (mspId, role) => ledger.newIdentity({ mspId, role }),
    async certify(mspId, role, publicKey, key) {
      const authority = ledger.authorities.get(mspId);
      if (authority === undefined) throw new Error(`no organisation ${mspId}`);
      const request = { name: 'renewed', unit: 'client', publicKey, attributes: { role } } as const;
      return { ...key, mspId, certificatePem: await authority.issue(request) };
    },
    endorse,
    submit: async (by, name, args) => (await endorse(by, name, args)).commit(),
    evaluate,
    async refusal(by, name, args) {
      const call = isSubmit(name) ? endorse(by, name, args) : evaluate(by, name, args);
      const outcome = await call.then(
        () => undefined,
        (problem: unknown) => problem,
      );
      if (outcome instanceof HoldfastError) return outcome;
      throw outcome ?? new Error(`${name} was not refused`);
    },
    async stateDigest() {
      const hash = createHash('sha256');
      const view = ledger.peer.channel.store.currentView();
      for await (const row of view.range(ledger.chaincode, '', '')) {
        hash.update(JSON.stringify([row.key, Buffer.from(row.state.value).toString('hex')]));
      }
      await view.release();
      return hash.digest('hex');
    },
    close: () => ledger.close(),
  };
}

/** All there is: lanes with their fees, and credit notes. */
export function moneyOf(records: ReadonlyMap<string, unknown>): bigint {
  let total = 0n;
  for (const [key, value] of records) {
    if (!/^(?:purse|credit)\//.test(key) || value === null) continue;
    const { balance = '0', fees = '0', amount = '0' } = value as Record<string, string>;
    total += BigInt(balance) + BigInt(fees) + BigInt(amount);
  }
  return total;
}

const isSubmit = (name: Submit | Evaluate): name is Submit => name in SUBMIT;
const textOf = (args: unknown): string => (typeof args === 'string' ? args : JSON.stringify(args));
const parse = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

/** A peer passes on a contract's message among its details, or at the end of its own. */
function refuse(problem: unknown): never {
  if (!(problem instanceof GatewayError)) throw problem;
  const texts = [...problem.details.map(({ message }) => message), problem.message];
  for (const text of texts) {
    const refusal = parseRefusal(text);
    if (refusal !== undefined) throw refusal;
  }
  throw problem;
}
