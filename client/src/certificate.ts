/**
 * X.509 as Fabric uses it: an organisation is its root, a certificate's organisational unit is its kind.
 *
 * A root is pinned by the owner (see `consortium.ts`); no certificate is believed because a gateway sent it.
 *
 * @module
 */
import 'reflect-metadata'; // @peculiar/x509 needs it, and needs it first
import * as x509 from '@peculiar/x509';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { SigningKey } from './signing-key.ts';
import { P256 } from './signing-key.ts';

/** The organisational unit that marks a peer's certificate (Fabric, node OUs). */
export const PEER_UNIT = 'peer';

export interface Certificate {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly units: readonly string[];
  /** DER of the whole certificate. */
  readonly bytes: Uint8Array;
}

/** What a root has signed, whatever the time. */
interface Issued extends Certificate {
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The same few endorsers answer over and over: the last certificates that were under a pinned root, by both PEMs. */
const known = new Map<string, Issued>();
const KNOWN = 32;

/**
 * The certificate, once it is known to be issued by `root` and valid at `nowMs`.
 *
 * @param pem - of the certificate; the root itself is refused.
 * @param root - PEM of the organisation's root. Holdfast's organisations issue directly under it.
 * @throws `KEY_INVALID` naming what does not hold.
 */
export async function verifyCertificate(
  pem: string,
  root: string,
  nowMs: number,
): Promise<Certificate> {
  const both = `${root}\n${pem}`;
  const certificate = known.get(both) ?? (await issuedBy(root, pem));
  mustBeValid(certificate, new Date(nowMs));
  known.delete(both);
  known.set(both, certificate);
  const [oldest] = known.keys();
  if (known.size > KNOWN && oldest !== undefined) known.delete(oldest);
  return certificate;
}

async function issuedBy(root: string, pem: string): Promise<Issued> {
  const certificate = parseCertificate(pem);
  const problem = await problemOf(certificate, parseCertificate(root));
  if (problem !== undefined) throw unfit(certificate.subject, problem);
  return {
    subject: certificate.subject,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    spki: new Uint8Array(certificate.publicKey.rawData),
    units: certificate.subjectName.getField('OU'),
    bytes: new Uint8Array(certificate.rawData),
  };
}

async function problemOf(
  certificate: x509.X509Certificate,
  issuer: x509.X509Certificate,
): Promise<string | undefined> {
  const isAuthority = (it: x509.X509Certificate) =>
    it.getExtension(x509.BasicConstraintsExtension)?.ca === true;
  if (!isAuthority(issuer)) return 'the pinned root is no authority';
  if (isAuthority(certificate)) return 'it is an authority itself';
  if (certificate.issuer !== issuer.subject) return 'issued by somebody else';
  const signed = await certificate.verify({ publicKey: issuer.publicKey, signatureOnly: true });
  return signed ? undefined : 'not signed by the pinned root';
}

function mustBeValid({ subject, notBefore, notAfter }: Issued, date: Date): void {
  const here = `and the clock here says ${date.toISOString()}`;
  if (date < notBefore) throw unfit(subject, `valid from ${notBefore.toISOString()} on, ${here}`);
  if (date > notAfter) throw unfit(subject, `expired at ${notAfter.toISOString()}, ${here}`);
}

const unfit = (subject: string, problem: string): HoldfastError =>
  new HoldfastError('KEY_INVALID', `certificate of ${subject}: ${problem}`);

function parseCertificate(pem: string): x509.X509Certificate {
  try {
    return new x509.X509Certificate(pem);
  } catch (cause) {
    throw new HoldfastError('KEY_INVALID', 'not a certificate', { cause });
  }
}

/** Milliseconds since 1970. @throws `KEY_INVALID`. */
export const certificateEnd = (pem: string): number => parseCertificate(pem).notAfter.getTime();

/** DER of a certificate, for the consortium number. @throws `KEY_INVALID`. */
export const certificateBytes = (pem: string): Uint8Array =>
  new Uint8Array(parseCertificate(pem).rawData);

/**
 * (Owner) A certificate request (PKCS #10) for the owner's key, PEM. It names the key's id, under which the agent has the
 * authority register it: Fabric CA takes no other name.
 */
export async function newCertificateRequest({ keys, keyId }: SigningKey): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${keyId}`,
    keys: keys as CryptoKeyPair,
    signingAlgorithm: P256,
  });
  return request.toString('pem');
}

type CryptoKeyPair = Parameters<typeof x509.Pkcs10CertificateRequestGenerator.create>[0]['keys'];
