/**
 * The ledger as the owner reaches it: transactions it signs, and reads that a majority of organisations vouch for, both
 * relayed by a gateway that need not be believed (constructions, section 12).
 *
 * @module
 */
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import {
  ATTESTED,
  type Args,
  type Evaluate,
  type Result,
  type Submit,
} from '@holdfast/protocol/ledger-transactions.js';
import { envelopeAnswer, proposalAnswer } from '@holdfast/protocol/ledger-messages.js';
import type { Committed, OwnerLedger } from '@holdfast/protocol/owner/acting-owner.js';
import { rebuilt } from '@holdfast/protocol/owner/rebuilt.js';
import type { Consortium } from './consortium.ts';
import { checkEndorsements } from './endorsement-checks.ts';
import { newEnvelope, parseEnvelope, payloadToSign } from './endorsed-transaction.ts';
import type { GatewayApi } from './gateway-api.ts';
import { newProposal, serializeIdentity, type Proposal } from './ledger-proposal.ts';
import { pause } from './pause.ts';
import type { SigningKey } from './signing-key.ts';

export interface OwnerLedgerParts {
  readonly api: GatewayApi;
  readonly consortium: Consortium;
  readonly mspId: string;
  /** PEM of the owner's certificate. */
  readonly certificate: string;
  readonly key: SigningKey;
  readonly random: (length: number) => Uint8Array;
  readonly nowMs: () => number;
}

/** (Owner) Reads are attested: a proposal endorsed and checked, never submitted. */
export function newOwnerLedger(parts: OwnerLedgerParts): OwnerLedger {
  const { api, consortium, key, random, nowMs } = parts;
  const creator = serializeIdentity(parts.mspId, parts.certificate);

  async function endorse<F extends Submit | Evaluate>(
    name: F,
    args: Args<F>,
    expected: (result: Result<F>) => boolean,
  ) {
    const address = { channel: consortium.channel, chaincode: consortium.chaincode };
    const proposal = await newProposal({
      ...address,
      function: name,
      args,
      creator,
      nowMs: nowMs(),
      random,
    });
    const endorsed = await relayProposal(proposal);
    const result = (await checkEndorsements(
      proposal,
      endorsed,
      consortium.organisations,
      nowMs(),
      (value) => expected(value as Result<F>),
    )) as Result<F>;
    return { proposal, endorsed, result };
  }

  async function relayProposal(proposal: Proposal) {
    const { envelope } = await api.call('POST', '/v1/ledger/proposals', proposalAnswer, {
      json: {
        proposal: base64url(proposal.bytes),
        signature: base64url(await key.signDer(proposal.bytes)),
      },
    });
    return parseEnvelope(fromBase64url(envelope));
  }

  async function submitOnce<F extends Submit>(
    name: F,
    args: Args<F>,
    expected: (result: Result<F>) => boolean,
  ): Promise<Committed<F>> {
    const { proposal, endorsed, result } = await endorse(name, args, expected);
    const payload = payloadToSign(proposal, endorsed);
    const { ledgerBlockNumber, validation } = await api.call(
      'POST',
      '/v1/ledger/envelopes',
      envelopeAnswer,
      {
        json: {
          envelope: base64url(newEnvelope(payload)),
          signature: base64url(await key.signDer(payload)),
        },
      },
    );
    if (validation !== 'VALID') throw invalidated(name, validation);
    return { result, transactionId: proposal.transactionId, ledgerBlockNumber };
  }

  return {
    async read(name, args, expected = () => true) {
      return retried(async () => parsed(name, (await endorse(name, args, expected)).result));
    },
    submit: (name, build, expected) =>
      retried(async () => submitOnce(name, await build(), expected)),
  };
}

/** @throws `ANSWER_FALSE` where what a majority has signed is no such record. */
function parsed<F extends Evaluate>(name: F, result: Result<F>): Result<F> {
  const { success, error } = ATTESTED[name].safeParse(result);
  if (success) return result;
  const at = error.issues[0]?.path.join('/') ?? '';
  throw new HoldfastError('ANSWER_FALSE', `${name}: not such a record, at /${at}`, {
    cause: error,
  });
}

const retried = <T>(attempt: () => Promise<T>): Promise<T> => rebuilt(attempt, pause);

/** What a transaction's validation code says in our words. */
function invalidated(name: string, validation: string): HoldfastError {
  return validation.endsWith('_READ_CONFLICT')
    ? new HoldfastError('CONFLICT', `${name}: another transaction came first`)
    : new HoldfastError('ANSWER_FALSE', `${name} was committed as ${validation}`);
}
