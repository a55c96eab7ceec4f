/**
 * Which consortium an owner trusts: channel and the organisations' roots, pinned when the account is made.
 *
 * A gateway tells them once; people compare the short number with their operator's. From then on no gateway can put a
 * root of its own in place of an organisation's.
 *
 * @module
 */
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
  const roots = told.organisations.map(({ mspId, rootCertificate }) => ({
    mspId,
    rootCertificate: certificateBytes(rootCertificate),
  }));
  const number = consortiumNumber(told.channel, roots);
  if (number !== told.consortium || (expected !== undefined && number !== expected)) {
    throw new HoldfastError(
      'ANSWER_FALSE',
      `this gateway is of consortium ${number}, not of ${expected ?? told.consortium}`,
    );
  }
  return told;
}

/** The PEM root of an organisation. @throws `ANSWER_FALSE` where none is pinned. */
export function pinnedRoot({ organisations }: Consortium, mspId: string): string {
  const found = organisations.find((organisation) => organisation.mspId === mspId);
  if (found === undefined) {
    throw new HoldfastError('ANSWER_FALSE', `no organisation ${mspId} is in the consortium`);
  }
  return found.rootCertificate;
}
