/**
 * A development certificate authority: one self-signed root per organisation, leaves with Fabric's roles and attributes.
 *
 * @module
 */
import 'reflect-metadata';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  webcrypto,
} from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Where Fabric CA puts attributes, as JSON `{"attrs":{…}}`; read by `ClientIdentity.getAttributeValue`. */
const ATTRIBUTES_OID = '1.2.3.4.5.6.7.8.1';
const DAY_MS = 24 * 60 * 60_000;
const ROOT_DAYS = 10 * 365;
const LEAF_DAYS = 365;
/** Clocks of other machines may be behind ours. */
const BACKDATED_MS = 5 * 60_000;
const SERIAL_LENGTH = 16;

x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

/** Fabric's NodeOUs. */
export type Unit = 'client' | 'peer' | 'admin';

export interface LeafRequest {
  /** Common name of the subject. */
  readonly name: string;
  readonly unit: Unit;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Credentials {
  readonly certificatePem: string;
  readonly privateKey: KeyObject;
}

export class CertificateAuthority {
  readonly mspId: string;
  readonly #certificate: x509.X509Certificate;
  readonly #privateKey: KeyObject;
  readonly #signingKey: webcrypto.CryptoKey;

  private constructor(mspId: string, credentials: Credentials, signingKey: webcrypto.CryptoKey) {
    this.mspId = mspId;
    this.#certificate = new x509.X509Certificate(credentials.certificatePem);
    this.#privateKey = credentials.privateKey;
    this.#signingKey = signingKey;
  }

  /** A new root. */
  static async create(mspId: string): Promise<CertificateAuthority> {
    const { privateKey, publicKey } = newKeyPair();
    const signingKey = await importPrivateKey(privateKey);
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const verifyingKey = await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, [
      'verify',
    ]);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: newSerialNumber(),
      name: `CN=ca.${mspId}, O=${mspId}`,
      keys: { privateKey: signingKey, publicKey: verifyingKey },
      signingAlgorithm: ALGORITHM,
      // no leaf is ever dated before it
      notBefore: new Date(Date.now() - 2 * BACKDATED_MS),
      notAfter: new Date(Date.now() + ROOT_DAYS * DAY_MS),
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(verifyingKey),
      ],
    });
    const certificatePem = pemOf(certificate);
    return new CertificateAuthority(mspId, { certificatePem, privateKey }, signingKey);
  }

  /** A root made earlier. */
  static async load(
    mspId: string,
    certificatePem: string,
    privateKeyPem: string,
  ): Promise<CertificateAuthority> {
    const privateKey = createPrivateKey(privateKeyPem);
    const signingKey = await importPrivateKey(privateKey);
    return new CertificateAuthority(mspId, { certificatePem, privateKey }, signingKey);
  }

  get rootCertificate(): string {
    return pemOf(this.#certificate);
  }

  get privateKeyPem(): string {
    return privateKeyPem(this.#privateKey);
  }

  /** @returns the certificate in PEM. */
  async issue(request: LeafRequest): Promise<string> {
    const attributes = Buffer.from(JSON.stringify({ attrs: request.attributes }));
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: newSerialNumber(),
      subject: [{ CN: [request.name] }, { OU: [request.unit] }, { O: [this.mspId] }],
      issuer: this.#certificate.subject,
      publicKey: new x509.PublicKey(request.publicKey),
      signingKey: this.#signingKey,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(
        Math.max(Date.now() - BACKDATED_MS, this.#certificate.notBefore.getTime()),
      ),
      notAfter: new Date(Date.now() + LEAF_DAYS * DAY_MS),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate),
        new x509.Extension(ATTRIBUTES_OID, false, attributes),
      ],
    });
    return pemOf(certificate);
  }

  /** The list of what it has taken back (RFC 5280 section 5), PEM. @param serialNumbers - lowercase hex. */
  async revocationList(serialNumbers: readonly string[]): Promise<string> {
    const now = Date.now();
    const list = await x509.X509CrlGenerator.create({
      issuer: this.#certificate.subject,
      thisUpdate: new Date(now),
      nextUpdate: new Date(now + LEAF_DAYS * DAY_MS),
      signingAlgorithm: ALGORITHM,
      signingKey: this.#signingKey,
      entries: serialNumbers.map((serialNumber) => ({ serialNumber })),
    });
    const lines =
      Buffer.from(list.rawData)
        .toString('base64')
        .match(/.{1,64}/g) ?? [];
    return ['-----BEGIN X509 CRL-----', ...lines, '-----END X509 CRL-----', ''].join('\n');
  }

  /** A certificate for a new key. */
  async newCredentials(
    name: string,
    unit: Unit,
    attributes: Readonly<Record<string, string>> = {},
  ): Promise<Credentials> {
    const { privateKey } = newKeyPair();
    const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    const certificatePem = await this.issue({ name, unit, publicKey, attributes });
    return { certificatePem, privateKey };
  }
}

export const privateKeyPem = (key: KeyObject): string =>
  key.export({ type: 'pkcs8', format: 'pem' }).toString();

const newKeyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

const importPrivateKey = (key: KeyObject): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey(
    'pkcs8',
    key.export({ type: 'pkcs8', format: 'der' }),
    ALGORITHM,
    true,
    ['sign'],
  );

/** A serial number of 16 random bytes, positive. */
function newSerialNumber(): string {
  const bytes = randomBytes(SERIAL_LENGTH);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

const pemOf = (certificate: x509.X509Certificate): string => `${certificate.toString('pem')}\n`;
