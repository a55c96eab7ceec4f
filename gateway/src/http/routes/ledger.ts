/**
 * The ledger: a relay for what owners sign, attested reads among it.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import type { Response } from 'express';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import {
  envelopeAnswer,
  envelopeRequest,
  proposalAnswer,
  proposalRequest,
} from '@holdfast/protocol/ledger-messages.js';
import { takesJson } from '../json-route.ts';
import { answered } from '../../ledger/answered.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { readEnvelope, readProposal, type Relayed } from '../../ledger/relay.ts';
import { keyIdOf } from '../../enrolment/owners.ts';
import { callerOf, type RequestParts } from '../requests.ts';
import type { Refused, Route } from '../route.ts';

/** What the contracts refuse. */
const REFUSED: readonly Refused[] = [
  'ALREADY_EXISTS',
  'BALANCE_TOO_LOW',
  'CONFLICT',
  'EPOCH_PASSED',
  'NOT_DUE',
  'NOT_FOUND',
  'ACCEPTANCE_INVALID',
  'KEY_INVALID',
  'PROOF_INVALID',
  'SHARE_INVALID',
];

export interface LedgerRouteParts extends RequestParts {
  readonly ledger: Ledger;
  readonly channel: string;
  readonly chaincode: string;
}

/** Signed by owners. */
export function relayRoutes(parts: LedgerRouteParts): Route[] {
  const { ledger } = parts;
  return [
    takesJson(
      parts,
      {
        method: 'post',
        path: '/v1/ledger/proposals',
        who: 'owner',
        summary: 'Have a signed proposal endorsed; nothing is submitted',
        body: proposalRequest,
        status: 200,
        answer: proposalAnswer,
        problems: REFUSED,
      },
      async ({ body, response }) => {
        const proposal = fromBase64url(body.proposal);
        checkRelayed(readProposal(proposal), parts, response, '/proposal');
        const signature = fromBase64url(body.signature);
        const { transactionId, envelope } = await answered('the proposal', (signal) =>
          ledger.endorse(proposal, signature, signal),
        );
        return { body: { transactionId, envelope: base64url(envelope) } };
      },
    ),
    takesJson(
      parts,
      {
        method: 'post',
        path: '/v1/ledger/envelopes',
        who: 'owner',
        summary: 'Submit a signed envelope and wait until it is committed',
        body: envelopeRequest,
        status: 200,
        answer: envelopeAnswer,
        answerHeaders: { 'Holdfast-Transaction': 'its id' },
        problems: REFUSED,
      },
      async ({ body, response }) => {
        const envelope = fromBase64url(body.envelope);
        checkRelayed(readEnvelope(envelope), parts, response, '/envelope');
        const signature = fromBase64url(body.signature);
        const committed = await answered('the envelope', (signal) =>
          ledger.submitEnvelope(envelope, signature, signal),
        );
        const headers = { 'Holdfast-Transaction': committed.transactionId };
        return { headers, body: committed };
      },
    ),
  ];
}

/** We relay for the one who signed the request, to our contracts: we are no open door to the peer. */
function checkRelayed(
  { channel, chaincode, certificate }: Relayed,
  parts: LedgerRouteParts,
  response: Response,
  pointer: string,
): void {
  if (channel !== parts.channel || chaincode !== parts.chaincode) {
    throw new HoldfastError('INPUT_INVALID', `expected ${parts.channel}/${parts.chaincode}`, {
      pointer,
    });
  }
  if (keyOf(certificate, pointer) !== callerOf(response).keyId) {
    throw new HoldfastError('NOT_ALLOWED', 'its creator is not who sends it', { pointer });
  }
}

function keyOf(certificate: Uint8Array, pointer: string): string {
  try {
    return keyIdOf(new X509Certificate(certificate));
  } catch (cause) {
    throw new HoldfastError('INPUT_INVALID', 'its creator has no certificate', { cause, pointer });
  }
}
