/**
 * Names of owners, files and consortia: digests of what makes each of them one and only.
 *
 * @module
 */
import { platform } from '#platform';
import { compareBytes, concat, hex, lengthPrefixed } from './bytes.ts';
import { transcript } from './hash.ts';

/**
 * (Owner) T("owner", LP(mspId), SHA-256(spki)).
 *
 * @param spki - DER of the SubjectPublicKeyInfo in the certificate that opened the account; later certificates do not
 *   change the id.
 */
export const ownerId = (mspId: string, spki: Uint8Array): Uint8Array =>
  transcript('owner', lengthPrefixed(mspId), platform.sha256(spki));

/** (Ledger) The account of an organisation itself, which no key opens: 32 zero bytes stand for the digest of the key. */
export const organisationAccountId = (mspId: string): Uint8Array =>
  transcript('owner', lengthPrefixed(mspId), new Uint8Array(32));

/** (Owner) T("file-id", ownerId, nonce), nonce of 32 bytes: nobody can register first what another announces. */
export const fileId = (owner: Uint8Array, nonce: Uint8Array): Uint8Array =>
  transcript('file-id', owner, nonce);

/**
 * (Owner) T("anchor", salt, LP(cid)): paper 004's map from IPFS address to root, for whoever knows both.
 *
 * @param cid - binary form of the CID.
 */
export const anchor = (salt: Uint8Array, cid: Uint8Array): Uint8Array =>
  transcript('anchor', salt, lengthPrefixed(cid));

/** What a consortium knows an organisation by. */
export interface PinnedOrganisation {
  readonly mspId: string;
  /** DER of the organisation's root certificate. */
  readonly rootCertificate: Uint8Array;
}

/**
 * (Owner) Short number by which people compare that they joined the same consortium:
 * T("consortium", LP(channel), LP(mspId) || SHA-256(root certificate), ... in ascending order)[0..6].
 *
 * @returns three groups of four hex digits, such as `9f3a-01c2-77de`.
 */
export function consortiumNumber(
  channel: string,
  organisations: readonly PinnedOrganisation[],
): string {
  const pins = organisations
    .map(({ mspId, rootCertificate }) =>
      concat(lengthPrefixed(mspId), platform.sha256(rootCertificate)),
    )
    .sort(compareBytes);
  const digits = hex(transcript('consortium', lengthPrefixed(channel), ...pins).slice(0, 6));
  return [digits.slice(0, 4), digits.slice(4, 8), digits.slice(8)].join('-');
}
