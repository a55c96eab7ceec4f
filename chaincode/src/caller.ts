/**
 * Who signed the transaction: organisation, role attribute and key, as the peer has verified them.
 *
 * @module
 */
import { hex } from '@holdfast/protocol/bytes.js';
import { signerId } from '@holdfast/protocol/signer.js';
import { readCertificate, type Certificate } from './certificate.ts';
import { Context } from './fabric.ts';

export interface Caller {
  readonly mspId: string;
  /** The certificate's attribute `role`; what it permits, the configuration says. */
  readonly role: string | null;
  /** SHA-256 of the SPKI, hex. */
  readonly signer: string;
  readonly certificate: Certificate;
}

export function callerOf(ctx: Context): Caller {
  const identity = ctx.clientIdentity;
  const certificate = readCertificate(identity.getIDBytes());
  return {
    mspId: identity.getMSPID(),
    role: identity.getAttributeValue('role'),
    signer: hex(signerId(certificate.spki)),
    certificate,
  };
}
