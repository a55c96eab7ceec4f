/**
 * For whom a certificate stands: its organisation is the one whose root has issued it, its role is the attribute that Fabric
 * CA wrote into it.
 *
 * Certificates that an intermediate authority issued are not known here, as in the development ledger.
 *
 * @module
 */
import 'reflect-metadata';
import { X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { z } from 'zod';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { parseJson, role } from '@holdfast/protocol/schema.js';
import type { RoleIdentity } from '../ledger/ledger.ts';

/** Fabric CA's extension: `{"attrs": {"role": ...}}`. */
const ATTRIBUTES_OID = '1.2.3.4.5.6.7.8.1';
const attributes = z.object({ attrs: z.object({ role }) });

/** MSP id -> root. */
export type Roots = ReadonlyMap<string, X509Certificate>;

export const rootsOf = (
  organisations: readonly { readonly mspId: string; readonly rootCert: string }[],
): Roots =>
  new Map(organisations.map(({ mspId, rootCert }) => [mspId, new X509Certificate(rootCert)]));

/**
 * @throws `NOT_ALLOWED` where no root has issued it, or it names no role of ours. Whether it is in force is for
 *   {@link expectInForce}.
 */
export function identityOf(certificate: X509Certificate, roots: Roots): RoleIdentity {
  const issuer = [...roots].find(
    ([, root]) => certificate.checkIssued(root) && certificate.verify(root.publicKey),
  );
  if (issuer === undefined || certificate.ca) {
    throw refused('no organisation of this consortium has issued the certificate');
  }
  const [mspId] = issuer;
  return { mspId, role: roleOf(certificate) };
}

function roleOf({ raw }: X509Certificate) {
  const extension = new x509.X509Certificate(raw).getExtension(ATTRIBUTES_OID);
  try {
    const text = Buffer.from(extension?.value ?? new ArrayBuffer(0)).toString('utf8');
    return parseJson(attributes, text, 'the attributes').attrs.role;
  } catch (cause) {
    throw refused('the certificate names no role', cause);
  }
}

/** @throws `NOT_ALLOWED` before and after the time that it is for. */
export function expectInForce(certificate: X509Certificate, nowMs: number): void {
  if (nowMs < Date.parse(certificate.validFrom) || nowMs > Date.parse(certificate.validTo)) {
    const { validFrom, validTo } = certificate;
    throw refused(`the certificate is for the time from ${validFrom} to ${validTo}`);
  }
}

const refused = (reason: string, cause?: unknown): HoldfastError =>
  new HoldfastError('NOT_ALLOWED', reason, { cause });
