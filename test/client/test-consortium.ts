/** Three organisations with a peer each, which endorse what the test tells them to. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { common, msp, peer } from '@hyperledger/fabric-protos';
import { encodeDer, toLowS } from '../../client/src/ecdsa.ts';
import { newEnvelope, payloadToSign } from '../../client/src/endorsed-transaction.ts';
import type { EndorsedTransaction } from '../../client/src/endorsed-transaction.ts';
import type { Proposal } from '../../client/src/ledger-proposal.ts';
import { P256, sha256 } from '../../client/src/signing-key.ts';

const YEAR_MS = 365 * 24 * 3_600_000;
export const NOW_MS = Date.parse('2026-11-21T09:00:00Z');

type KeyPair = Awaited<ReturnType<typeof newKeys>>;
const newKeys = () => crypto.subtle.generateKey(P256, true, ['sign', 'verify']);

export interface Issued {
  readonly mspId: string;
  readonly pem: string;
  readonly keys: KeyPair;
}

export interface TestOrganisation extends Issued {
  readonly rootCertificate: string;
  readonly peer: Issued;
}

export async function newOrganisation(mspId: string): Promise<TestOrganisation> {
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=ca.${mspId}`,
    keys,
    notBefore: new Date(NOW_MS - 60_000),
    notAfter: new Date(NOW_MS + YEAR_MS),
    signingAlgorithm: P256,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const organisation = { mspId, keys, pem: root.toString('pem') };
  return {
    ...organisation,
    rootCertificate: organisation.pem,
    peer: await issue(organisation, mspId, 'peer'),
  };
}

/** A certificate of this kind under the organisation's root. */
export async function issue(authority: Issued, mspId: string, unit: string): Promise<Issued> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${unit}0, OU=${unit}`,
    issuer: new x509.X509Certificate(authority.pem).subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    notBefore: new Date(NOW_MS - 60_000),
    notAfter: new Date(NOW_MS + YEAR_MS),
    signingAlgorithm: P256,
  });
  return { mspId, keys, pem: certificate.toString('pem') };
}

export interface Answered {
  readonly result: unknown;
  readonly status?: number;
  readonly chaincode?: string;
  readonly proposalHash?: Uint8Array;
}

/** `peer.ProposalResponsePayload` as an endorser computes it. */
export async function responsePayloadOf(
  proposal: Proposal,
  { result, status = 200, chaincode = proposal.chaincode, proposalHash }: Answered,
): Promise<Uint8Array> {
  const response = new peer.Response();
  response.setStatus(status);
  response.setPayload(Buffer.from(JSON.stringify(result)));
  const id = new peer.ChaincodeID();
  id.setName(chaincode);
  const action = new peer.ChaincodeAction();
  action.setResponse(response);
  action.setChaincodeId(id);
  const payload = new peer.ProposalResponsePayload();
  payload.setExtension$(action.serializeBinary());
  payload.setProposalHash(
    proposalHash ??
      (await sha256(proposal.channelHeader, proposal.signatureHeader, proposal.payload)),
  );
  return payload.serializeBinary();
}

/** The endorsement of one peer over the payload. */
export async function endorsementBy(endorser: Issued, responsePayload: Uint8Array) {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(endorser.mspId);
  identity.setIdBytes(Buffer.from(endorser.pem));
  const serialized = identity.serializeBinary();
  const signed = Buffer.concat([responsePayload, serialized]);
  const raw = new Uint8Array(await crypto.subtle.sign(P256, endorser.keys.privateKey, signed));
  return { endorser: serialized, signature: encodeDer(toLowS(raw)), raw };
}

/** What an honest gateway would hand on. */
export async function endorse(
  proposal: Proposal,
  endorsers: readonly Issued[],
  answered: Answered,
): Promise<EndorsedTransaction> {
  const responsePayload = await responsePayloadOf(proposal, answered);
  return {
    channelHeader: proposal.channelHeader,
    signatureHeader: proposal.signatureHeader,
    actionHeader: proposal.signatureHeader,
    payload: proposal.payload,
    responsePayload,
    endorsements: await Promise.all(
      endorsers.map((endorser) => endorsementBy(endorser, responsePayload)),
    ),
  };
}

export const envelopeOf = (proposal: Proposal, endorsed: EndorsedTransaction): Uint8Array =>
  newEnvelope(payloadToSign(proposal, endorsed));

export const channelHeaderWith = (
  proposal: Proposal,
  change: (header: common.ChannelHeader) => void,
): Uint8Array => {
  const header = common.ChannelHeader.deserializeBinary(proposal.channelHeader);
  change(header);
  return header.serializeBinary();
};
