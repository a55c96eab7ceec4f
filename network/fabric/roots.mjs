/** What owners compare before they believe: the roots of the organisations, and the consortium's number. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { consortiumNumber } from '@holdfast/protocol/ids.js';
import { rootCertificate } from './authority.mjs';

/** @returns `{ consortium, roots }`, roots of `{ mspId, fingerprint }`: SHA-256 of the certificate, 64 hex digits */
export function rootsOf({ channel, organisations }) {
  const certificates = organisations.map((organisation) => ({
    mspId: organisation.mspId,
    certificate: new X509Certificate(readFileSync(rootCertificate(organisation))),
  }));
  const pins = certificates.map(({ mspId, certificate }) => ({
    mspId,
    rootCertificate: certificate.raw,
  }));
  return {
    consortium: consortiumNumber(channel, pins),
    roots: certificates.map(({ mspId, certificate: { fingerprint256 } }) => ({
      mspId,
      fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    })),
  };
}
