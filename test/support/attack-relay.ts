/**
 * A gateway in this process between an owner and peers, honest or not: it may choose endorsers, and change what it relays.
 * As the entry of `variantOf`, the owner is a variant.
 */
import { randomBytes } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import type { z } from 'zod';
import { base64url, fromBase64url } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { parse } from '@holdfast/protocol/schema.js';
import type { GatewayApi, RequestOptions } from '../../client/src/gateway-api.ts';
import { serializeIdentity, type Proposal } from '../../client/src/ledger-proposal.ts';
import { newOwnerLedger } from '../../client/src/owner-ledger.ts';
import type { SigningKey } from '../../client/src/signing-key.ts';
import {
  endorse,
  envelopeOf,
  NOW_MS,
  type Issued,
  type TestOrganisation,
} from '../client/test-consortium.ts';

export interface Sent {
  readonly path: string;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

export interface RelayOptions {
  readonly organisations: readonly TestOrganisation[];
  readonly key: SigningKey;
  /** What peers endorse, in turn. */
  readonly results: readonly unknown[];
  /** What the ledger says then. */
  readonly validations?: readonly (string | HoldfastError)[];
  /** Who endorses, if not the peers of the first two organisations. */
  readonly endorsers?: readonly Issued[];
  /** What the gateway makes of an answer, the count of its answers before. */
  readonly relayed?: (envelope: Uint8Array, before: number) => Uint8Array;
}

const CERTIFICATE = 'the owner’s certificate';

export function newRelay({
  organisations,
  key,
  results,
  validations = [],
  endorsers = organisations.slice(0, 2).map((organisation) => organisation.peer),
  relayed = (envelope) => envelope,
}: RelayOptions) {
  const sent: Sent[] = [];
  let [endorsed, submitted] = [0, 0];

  async function answerTo(path: string, options?: RequestOptions): Promise<unknown> {
    const body = options?.json as Record<'proposal' | 'envelope' | 'signature', string>;
    const isProposal = path === '/v1/ledger/proposals';
    const signed = fromBase64url(isProposal ? body.proposal : body.envelope);
    sent.push({ path, signed, signature: fromBase64url(body.signature) });
    if (isProposal) {
      const before = endorsed++;
      const result = results[Math.min(before, results.length - 1)];
      if (result instanceof HoldfastError) throw result;
      const proposal = proposalOf(signed);
      const envelope = envelopeOf(proposal, await endorse(proposal, endorsers, { result }));
      const answer = base64url(relayed(envelope, before));
      return { transactionId: '00'.repeat(32), envelope: answer };
    }
    const validation = validations[submitted++] ?? 'VALID';
    if (validation instanceof HoldfastError) throw validation;
    return { transactionId: '00'.repeat(32), ledgerBlockNumber: 7, validation };
  }

  const api: GatewayApi = {
    url: 'http://localhost',
    request: () => Promise.reject(new Error('bug: no other request was expected')),
    call: async <S extends z.ZodType>(
      method: string,
      path: string,
      schema: S,
      options?: RequestOptions,
    ) => parse(schema, await answerTo(path, options), method),
  };
  const ledger = newOwnerLedger({
    api,
    consortium: {
      channel: 'holdfast',
      chaincode: 'holdfast',
      consortium: '0000-0000-0000',
      organisations: organisations.map(({ mspId, rootCertificate }) => ({
        mspId,
        rootCertificate,
      })),
      development: true,
    },
    mspId: 'Alder',
    certificate: CERTIFICATE,
    key,
    random: (length) => new Uint8Array(randomBytes(length)),
    nowMs: () => NOW_MS,
  });
  return { ledger, sent };
}

function proposalOf(bytes: Uint8Array): Proposal {
  const proposal = peer.Proposal.deserializeBinary(bytes);
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  return {
    channel: 'holdfast',
    chaincode: 'holdfast',
    transactionId: '',
    bytes,
    channelHeader: header.getChannelHeader_asU8(),
    signatureHeader: header.getSignatureHeader_asU8(),
    payload: proposal.getPayload_asU8(),
    creator: serializeIdentity('Alder', CERTIFICATE),
  };
}
