/**
 * The five checks of what endorsers answered, before the owner's second signature (constructions, section 12).
 *
 * A gateway that is hostile can withhold, delay and choose endorsers. With these checks it can neither alter what the
 * owner signed nor invent what the ledger says; what is left is a colluding majority of organisations.
 *
 * @module
 */
import { common, msp, peer } from '@hyperledger/fabric-protos';
import { concat, equalBytes, fromUtf8, hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { PEER_UNIT, verifyCertificate } from './certificate.ts';
import { decodeDer, isLowS } from './ecdsa.ts';
import type { Endorsement, EndorsedTransaction } from './endorsed-transaction.ts';
import type { Proposal } from './ledger-proposal.ts';
import { P256, sha256 } from './signing-key.ts';

/** An organisation of the consortium and the root of its certificates, as the owner pinned them. */
export interface PinnedOrganisation {
  readonly mspId: string;
  /** PEM. */
  readonly rootCertificate: string;
}

/**
 * (Owner) All five checks.
 *
 * @param expected - whether this is the result that the proposal must have.
 * @returns the result, from its JSON.
 * @throws `ANSWER_FALSE` naming the check that failed.
 */
export async function checkEndorsements(
  proposal: Proposal,
  endorsed: EndorsedTransaction,
  pinned: readonly PinnedOrganisation[],
  nowMs: number,
  expected: (result: unknown) => boolean,
): Promise<unknown> {
  await checkAddress(proposal, endorsed);
  await checkProposalHash(proposal, endorsed);
  const result = checkResult(endorsed, expected);
  const organisations = await checkEndorsers(endorsed, pinned, nowMs);
  checkPolicy(organisations, pinned, notPinned(endorsed, pinned));
  return result;
}

/** Check 1: channel, transaction id, creator and chaincode are those of the proposal. */
export async function checkAddress(
  proposal: Proposal,
  endorsed: EndorsedTransaction,
): Promise<void> {
  const { channel, transactionId, chaincode } = addressOf(endorsed);
  const signer = decode(() => common.SignatureHeader.deserializeBinary(endorsed.signatureHeader));
  const creator = signer.getCreator_asU8();
  must(channel === proposal.channel, 'the transaction is for another channel');
  must(chaincode === proposal.chaincode, 'another chaincode answered');
  must(equalBytes(creator, proposal.creator), 'the transaction has another creator');
  const computed = hex(await sha256(signer.getNonce_asU8(), creator));
  must(
    transactionId === proposal.transactionId && computed === transactionId,
    'the transaction has another id',
  );
  must(
    equalBytes(endorsed.channelHeader, proposal.channelHeader) &&
      equalBytes(endorsed.signatureHeader, proposal.signatureHeader) &&
      equalBytes(endorsed.actionHeader, proposal.signatureHeader) &&
      equalBytes(endorsed.payload, proposal.payload),
    'the transaction is not the one proposed',
  );
}

/** Check 2: the endorsers answered this proposal: SHA-256(channel header || signature header || payload). */
export async function checkProposalHash(
  proposal: Proposal,
  { responsePayload }: EndorsedTransaction,
): Promise<void> {
  const { channelHeader, signatureHeader, payload } = proposal;
  const hash = await sha256(channelHeader, signatureHeader, payload);
  const endorsed = decodeResponse(responsePayload).getProposalHash_asU8();
  must(equalBytes(endorsed, hash), 'the endorsers answered another proposal');
}

/** Check 3: one payload for all, status 200, the result that was expected. @returns the result from its JSON. */
export function checkResult(
  { responsePayload }: EndorsedTransaction,
  expected: (result: unknown) => boolean,
): unknown {
  const response = decodeAction(responsePayload).getResponse();
  must(response?.getStatus() === 200, 'the chaincode did not answer 200');
  const result = decodeResult(response?.getPayload_asU8() ?? new Uint8Array());
  must(expected(result), 'the result is not the one expected');
  return result;
}

/**
 * Check 4: each endorser of a pinned organisation is a peer under its root and signed payload || endorser.
 *
 * Deviation: constructions, section 12, refuses the answer where an endorser is of no pinned organisation; here it counts
 * for nothing. Whoever could make a false answer pass beside such endorsers could leave them out, so that refusing stops
 * nobody: what passes is what passes without them. And the ledger asks a majority of all members to endorse: refused, the
 * first organisation that joins would leave every owner without reads and writes until it has pinned whatever a gateway
 * shows it. They stay in what the owner signs, for the ledger counts them.
 *
 * @returns the MSP id of each endorser that counts, in order.
 */
export async function checkEndorsers(
  { responsePayload, endorsements }: EndorsedTransaction,
  pinned: readonly PinnedOrganisation[],
  nowMs: number,
): Promise<readonly string[]> {
  const organisations: string[] = [];
  for (const endorsement of endorsements) {
    const mspId = await checkEndorser(responsePayload, endorsement, pinned, nowMs);
    if (mspId !== undefined) organisations.push(mspId);
  }
  return organisations;
}

/** Letters of names that whoever endorses has chosen. */
const WIDTH = 120;

/**
 * Check 5: a majority of the pinned organisations endorsed, each counted once.
 *
 * @param others - what else endorsed, for the owner to look at: so it is where several have joined and are not pinned.
 */
export function checkPolicy(
  organisations: readonly string[],
  pinned: readonly PinnedOrganisation[],
  others: readonly string[] = [],
): void {
  const distinct = new Set(organisations).size;
  const needed = Math.floor(pinned.length / 2) + 1;
  const uncounted =
    others.length === 0 ? '' : `; not pinned, so not counted: ${others.join(', ').slice(0, WIDTH)}`;
  must(
    distinct >= needed,
    `${distinct} organisations endorsed, a majority of ${pinned.length} is ${needed}${uncounted}`,
  );
}

/** Names under which endorsers stand that count for nothing, as they call themselves. */
const notPinned = (
  { endorsements }: EndorsedTransaction,
  pinned: readonly PinnedOrganisation[],
): readonly string[] =>
  endorsements
    .map(({ endorser }) => identityOf(endorser).getMspid())
    .filter((mspId) => !pinned.some((organisation) => organisation.mspId === mspId));

const identityOf = (endorser: Uint8Array): msp.SerializedIdentity =>
  decode(() => msp.SerializedIdentity.deserializeBinary(endorser));

async function checkEndorser(
  responsePayload: Uint8Array,
  { endorser, signature }: Endorsement,
  pinned: readonly PinnedOrganisation[],
  nowMs: number,
): Promise<string | undefined> {
  const identity = identityOf(endorser);
  const mspId = identity.getMspid();
  const root = pinned.find((organisation) => organisation.mspId === mspId)?.rootCertificate;
  if (root === undefined) return undefined;
  const pem = fromUtf8(identity.getIdBytes_asU8());
  const { spki, units } = await verifyCertificate(pem, root, nowMs).catch((cause: unknown) => {
    throw contradiction(`an endorser of ${mspId} is not under its pinned root`, cause);
  });
  must(units.includes(PEER_UNIT), `an endorser of ${mspId} is no peer`);
  const raw = decode(() => decodeDer(signature));
  must(isLowS(raw), `the signature of ${mspId} is not low-S`);
  const key = await crypto.subtle.importKey('spki', spki, P256, false, ['verify']);
  const signed = concat(responsePayload, endorser);
  must(await crypto.subtle.verify(P256, key, raw, signed), `the signature of ${mspId} fails`);
  return mspId;
}

function addressOf({ channelHeader, responsePayload }: EndorsedTransaction) {
  const header = decode(() => common.ChannelHeader.deserializeBinary(channelHeader));
  return {
    channel: header.getChannelId(),
    transactionId: header.getTxId(),
    chaincode: decodeAction(responsePayload).getChaincodeId()?.getName(),
  };
}

const decodeResponse = (bytes: Uint8Array): peer.ProposalResponsePayload =>
  decode(() => peer.ProposalResponsePayload.deserializeBinary(bytes));

const decodeAction = (bytes: Uint8Array): peer.ChaincodeAction =>
  decode(() => peer.ChaincodeAction.deserializeBinary(decodeResponse(bytes).getExtension_asU8()));

const decodeResult = (bytes: Uint8Array): unknown =>
  decode(() => JSON.parse(fromUtf8(bytes)) as unknown);

function decode<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw contradiction('the endorsed transaction is malformed', cause);
  }
}

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw contradiction(otherwise);
}

const contradiction = (detail: string, cause?: unknown): HoldfastError =>
  new HoldfastError('ANSWER_FALSE', detail, { cause });
