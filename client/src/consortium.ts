/**
 * Which consortium an owner trusts: channel and the organisations' roots, pinned when the account is made, and by
 * `pin.ts` where an organisation joins later.
 *
 * A gateway tells them; people compare the short number with their operator's. From then on no gateway can put a root of
 * its own in place of an organisation's, or beside them.
 *
 * @module
 */
import { equalBytes } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { consortiumNumber } from '@holdfast/protocol/ids.js';
import { network, type Network } from '@holdfast/protocol/network-messages.js';
import { z } from 'zod';
import { certificateBytes } from './certificate.ts';
import type { GatewayApi } from './gateway-api.ts';

/** What the owner's file keeps of a consortium. */
export const consortium = network
  .pick({ channel: true, chaincode: true, consortium: true, organisations: true })
  .extend({ development: z.boolean() });
export type Consortium = z.infer<typeof consortium>;
/** An organisation with its root, PEM, pinned or as a gateway tells it. */
export type Organisation = Consortium['organisations'][number];

/**
 * (Owner) Asks a gateway for its consortium and computes the number from the roots themselves.
 *
 * @param expected - the number that the owner was told; undefined at the very first meeting.
 * @throws `ANSWER_FALSE` where the roots give another number.
 */
export async function meetConsortium(
  api: GatewayApi,
  expected?: string,
): Promise<Consortium & { readonly agent: string }> {
  const told: Network = await api.call('GET', '/v1/network', network);
  const names = new Set(told.organisations.map(({ mspId }) => mspId));
  if (names.size < told.organisations.length)
    throw contradiction('one organisation is named twice');
  const number = numberOf(told.channel, told.organisations);
  if (number !== told.consortium || (expected !== undefined && number !== expected)) {
    throw contradiction(
      `this gateway is of consortium ${number}, not of ${expected ?? told.consortium}`,
    );
  }
  return told;
}

/**
 * (Owner) Asks a gateway of a consortium that is pinned. What it tells of others than the pinned organisations is its word
 * alone, and pins nothing.
 *
 * @throws `ANSWER_FALSE` where it tells another channel, or of a pinned organisation no root or another one.
 */
export async function meetAgain(
  api: GatewayApi,
  pinned: Consortium,
): Promise<{ readonly agent: string; readonly joined: readonly Organisation[] }> {
  const told = await meetConsortium(api);
  if (addressOf(told) !== addressOf(pinned)) {
    throw contradiction(`this gateway is of ${addressOf(told)}, not of ${addressOf(pinned)}`);
  }
  for (const { mspId, rootCertificate } of pinned.organisations) {
    if (!equalBytes(certificateBytes(pinnedRoot(told, mspId)), certificateBytes(rootCertificate))) {
      throw contradiction(`the root of ${mspId} is not the one that is pinned`);
    }
  }
  const isPinned = ({ mspId }: Organisation): boolean =>
    pinned.organisations.some((one) => one.mspId === mspId);
  return { agent: told.agent, joined: told.organisations.filter((one) => !isPinned(one)) };
}

const addressOf = ({ channel, chaincode }: Pick<Consortium, 'channel' | 'chaincode'>): string =>
  `chaincode ${chaincode} on channel ${channel}`;

/** The number of these organisations on a channel. */
export function numberOf(channel: string, organisations: readonly Organisation[]): string {
  const roots = organisations.map(({ mspId, rootCertificate }) => ({
    mspId,
    rootCertificate: certificateBytes(rootCertificate),
  }));
  return consortiumNumber(channel, roots);
}

/** The PEM root of an organisation. @throws `ANSWER_FALSE` where none is pinned. */
export function pinnedRoot(
  { organisations }: Pick<Consortium, 'organisations'>,
  mspId: string,
): string {
  const found = organisations.find((organisation) => organisation.mspId === mspId);
  if (found === undefined) throw contradiction(`no organisation ${mspId} is in the consortium`);
  return found.rootCertificate;
}

const contradiction = (detail: string): HoldfastError => new HoldfastError('ANSWER_FALSE', detail);
