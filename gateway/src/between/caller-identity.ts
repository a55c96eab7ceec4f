/**
 * Who is at the other end of a connection between gateways: the certificate's organisation and role, in force and not
 * revoked.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { expectInForce, identityOf, type Roots } from '../identity/role-certificate.ts';
import type { Revocations } from '../identity/revocations.ts';
import type { RoleIdentity } from '../ledger/ledger.ts';
import { titleOf } from './names.ts';

export interface IdentityRules {
  readonly roots: Roots;
  readonly revocations: Pick<Revocations, 'expectUnrevoked'>;
  readonly nowMs: () => number;
}

/** @throws `NOT_ALLOWED` saying why not. */
export type Identify = (certificate: X509Certificate | undefined) => RoleIdentity;

export const newIdentify =
  ({ roots, revocations, nowMs }: IdentityRules): Identify =>
  (certificate) => {
    if (certificate === undefined) {
      throw new HoldfastError('NOT_ALLOWED', 'expected a certificate of a gateway');
    }
    const identity = identityOf(certificate, roots);
    expectInForce(certificate, nowMs());
    revocations.expectUnrevoked(identity.mspId, certificate);
    return identity;
  };

/** What a caller checks of whoever answers, as Node's TLS asks it. */
export const expectServer =
  (identify: Identify, wanted: RoleIdentity) =>
  (_name: string, { raw }: { readonly raw: Uint8Array }): Error | undefined => {
    try {
      const found = identify(new X509Certificate(raw));
      if (found.mspId === wanted.mspId && found.role === wanted.role) return undefined;
      return new HoldfastError('NOT_ALLOWED', `${titleOf(found)} answers for ${titleOf(wanted)}`);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  };
