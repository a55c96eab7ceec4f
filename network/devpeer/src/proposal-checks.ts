/**
 * What a peer checks of a proposal before it runs any chaincode, in its order and words.
 *
 * @module
 */
import { common } from '@hyperledger/fabric-protos';
import type { Channel } from './channel.ts';
import type { Organisations } from './organisations.ts';
import { type Proposal, transactionIdOf } from './proposal.ts';

export class ProposalRefused extends Error {}

/** A peer's `peer.authentication.timewindow`. */
export const TIME_WINDOW_MS = 15 * 60_000;

const HEADER_TYPES: readonly number[] = [
  common.HeaderType.ENDORSER_TRANSACTION,
  common.HeaderType.CONFIG,
];

/** @throws ProposalRefused. */
export function checkProposal(
  proposal: Proposal,
  channel: Channel,
  organisations: Organisations,
): void {
  if (proposal.channelId !== channel.id) {
    throw new ProposalRefused(`channel '${proposal.channelId}' not found`);
  }
  checkHeader(proposal);
  checkCreator(proposal, organisations);
  checkTime(proposal);
  if (channel.isKnown(proposal.transactionId)) {
    const creator = Buffer.from(proposal.creator).toString('hex');
    throw new ProposalRefused(
      `duplicate transaction found [${proposal.transactionId}]. Creator [${creator}]`,
    );
  }
}

function checkHeader(proposal: Proposal): void {
  if (!HEADER_TYPES.includes(proposal.headerType)) {
    throw new ProposalRefused(`invalid header type ${proposal.headerType}`);
  }
  if (proposal.epoch !== 0) throw new ProposalRefused('epoch is non-zero');
  if (proposal.nonce.length === 0) throw new ProposalRefused('nonce is empty');
  if (proposal.creator.length === 0) throw new ProposalRefused('creator is empty');
  const expected = transactionIdOf(proposal.nonce, proposal.creator);
  if (expected !== proposal.transactionId) {
    throw new ProposalRefused(
      `incorrectly computed txid '${proposal.transactionId}' -- expected '${expected}'`,
    );
  }
}

function checkCreator(
  { channelId, creator, signed }: Proposal,
  organisations: Organisations,
): void {
  const denied = `error validating proposal: access denied: channel [${channelId}] creator org`;
  let mspId;
  try {
    ({ mspId } = organisations.identify(creator));
  } catch (cause) {
    throw new ProposalRefused(`${denied} unknown, creator is malformed`, { cause });
  }
  try {
    organisations.verify(creator, signed.getProposalBytes_asU8(), signed.getSignature_asU8());
  } catch (cause) {
    throw new ProposalRefused(`${denied} [${mspId}]`, { cause });
  }
}

function checkTime({ timestampMs }: Proposal): void {
  const now = Date.now();
  if (Math.abs(now - timestampMs) <= TIME_WINDOW_MS) return;
  const given = new Date(timestampMs).toISOString();
  const ours = new Date(now).toISOString();
  throw new ProposalRefused(
    `request unauthorized due to incorrect timestamp ${given}, peer time ${ours}, peer.authentication.timewindow 15m0s`,
  );
}
