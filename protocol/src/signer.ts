/**
 * The name of a signing key, whatever certificate it stands in.
 *
 * @module
 */
import { platform } from '#platform';

/**
 * (Ledger) SHA-256(spki): `signer/{this}` finds the account that the key opened, so a renewed certificate changes nothing.
 *
 * @param spki - DER of the SubjectPublicKeyInfo.
 */
export const signerId = (spki: Uint8Array): Uint8Array => platform.sha256(spki);
