/**
 * What each role says of itself on the ledger, with the proofs that it holds its keys.
 *
 * @module
 */
import { constants, privateDecrypt, type KeyObject } from 'node:crypto';
import { base64url } from '@holdfast/protocol/bytes.js';
import type { Announcement } from '@holdfast/protocol/consortium-records.js';
import { certifyModulus, EXPONENT } from '@holdfast/protocol/modulus-certificate.js';
import { provePossession, publicKeyOf } from '@holdfast/protocol/signature.js';
import { rsaModulus } from './key-server/rsa-key.ts';

type AnnouncementOf<R extends Announcement['role']> = Extract<Announcement, { role: R }>;

/** (Key server) Its key with nine roots. */
export function keyServerAnnouncement(privateKey: KeyObject): AnnouncementOf<'key-server'> {
  const modulus = rsaModulus(privateKey);
  const padding = constants.RSA_NO_PADDING;
  const roots = certifyModulus({ modulus, exponent: EXPONENT }, (element) =>
    privateDecrypt({ key: privateKey, padding }, element),
  );
  return {
    role: 'key-server',
    modulus: base64url(modulus),
    exponent: EXPONENT,
    roots: roots.map(base64url),
  };
}

/** (Delegate) Its beacon key, which it can never change. */
export const delegateAnnouncement = (
  secret: bigint,
  name: string,
  { mspId, channel }: { readonly mspId: string; readonly channel: string },
): AnnouncementOf<'delegate'> => ({
  role: 'delegate',
  name,
  beaconKey: base64url(publicKeyOf(secret)),
  possession: base64url(provePossession(secret, 'possession-delegate', mspId, channel)),
});

/** (Provider) The key of its acceptances, its nodes and prices; both are 0 until payments come. */
export const providerAnnouncement = (
  secret: bigint,
  nodes: readonly string[],
  { mspId, channel }: { readonly mspId: string; readonly channel: string },
): AnnouncementOf<'provider'> => ({
  role: 'provider',
  acceptanceKey: base64url(publicKeyOf(secret)),
  possession: base64url(provePossession(secret, 'possession-provider', mspId, channel)),
  nodes: [...nodes],
  pricePerEpoch: '0',
  bond: '0',
  padding: true,
});
