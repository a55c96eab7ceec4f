/**
 * The ledger: a relay for what owners sign, attested reads among it, and look-ups for everybody.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { Router, type Response } from 'express';
import { z } from 'zod';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { envelopeRequest, proposalRequest } from '@holdfast/protocol/ledger-messages.js';
import { digest } from '@holdfast/protocol/schema.js';
import type { Ledger, LedgerTransaction } from '../../ledger/ledger.ts';
import { readEnvelope, readProposal, type Relayed } from '../../ledger/relay.ts';
import { sentenceOf } from '../../ledger/sentences.ts';
import { keyIdOf } from '../../enrolment/owners.ts';
import {
  answersJson,
  callerOf,
  parameters,
  signalOf,
  takesJson,
  type RequestParts,
} from '../requests.ts';

/** What a relayed transaction may wait for, milliseconds: it goes on where its sender has left. */
const RELAY_MS = 120_000;

export interface LedgerRouteParts extends RequestParts {
  readonly ledger: Ledger;
  readonly channel: string;
  readonly chaincode: string;
}

/** Signed by owners. */
export function relayRoutes(parts: LedgerRouteParts): Router {
  const { ledger } = parts;
  const router = Router();
  router.post(
    '/ledger/proposals',
    takesJson(parts, proposalRequest, async ({ body, response }) => {
      const proposal = fromBase64url(body.proposal);
      checkRelayed(readProposal(proposal), parts, response, '/proposal');
      const signature = fromBase64url(body.signature);
      const endorsed = await ledger.endorse(proposal, signature, AbortSignal.timeout(RELAY_MS));
      const { transactionId, envelope } = endorsed;
      return { body: { transactionId, envelope: base64url(envelope) } };
    }),
  );
  router.post(
    '/ledger/envelopes',
    takesJson(parts, envelopeRequest, async ({ body, response }) => {
      const envelope = fromBase64url(body.envelope);
      checkRelayed(readEnvelope(envelope), parts, response, '/envelope');
      const signature = fromBase64url(body.signature);
      const status = await ledger.submitEnvelope(
        envelope,
        signature,
        AbortSignal.timeout(RELAY_MS),
      );
      return { headers: { 'Holdfast-Transaction': status.transactionId }, body: status };
    }),
  );
  return router;
}

/** Open: what stands on the ledger is for every member, and names nobody. */
export function lookUpRoutes({ ledger }: Pick<LedgerRouteParts, 'ledger'>): Router {
  const router = Router();
  const transactionAddress = z.strictObject({ transactionId: digest });
  const blockAddress = z.strictObject({
    number: z
      .string()
      .regex(/^(?:0|[1-9][0-9]{0,15})$/, 'expected a number')
      .transform(Number),
  });
  router.get(
    '/ledger/transactions/:transactionId',
    answersJson(async (request, response) => {
      const { transactionId } = parameters(transactionAddress, request.params);
      return explained(await ledger.transaction(transactionId, signalOf(response)));
    }),
  );
  router.get(
    '/ledger/blocks/:number',
    answersJson(async (request, response) => {
      const { number } = parameters(blockAddress, request.params);
      const block = await ledger.ledgerBlock(number, signalOf(response));
      return { ...block, transactions: block.transactions.map(explained) };
    }),
  );
  return router;
}

const explained = (transaction: LedgerTransaction) => ({
  ...transaction,
  sentence: sentenceOf(transaction),
});

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
