/**
 * What a certificate authority does for its callers: register, enroll, revoke, list what is revoked, with the rules of Fabric
 * CA.
 *
 * @module
 */
import 'reflect-metadata';
import { createHash, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { CaCode, CaError, notAuthenticated, notAuthorized } from './ca-error.ts';
import type { CertificateAuthority, Unit } from './certificate-authority.ts';
import type {
  IssuedCertificate,
  Register,
  RegisteredAttribute,
  RegisteredIdentity,
} from './register.ts';

/** Roles of the organisation's own identities that may register and revoke others. */
const REGISTRARS: readonly string[] = ['agent', 'operator'];
/** What they may register, as on a real network: who could register a peer could endorse what no contract has run. */
const UNIT: Unit = 'client';
const SECRET_LENGTH = 16;

export interface Registration {
  readonly id: string;
  /** Made up and answered when absent. */
  readonly secret?: string;
  readonly type: string;
  readonly affiliation: string;
  readonly maxEnrollments: number;
  readonly attributes: readonly RegisteredAttribute[];
}

export interface Revocation {
  /** All certificates of an identity, which may then not enroll again. */
  readonly id?: string;
  /** Or one certificate. */
  readonly serialNumber?: string;
}

/** Told when an authority has taken certificates back, before its caller is; of several never two at a time. */
export type OnRevoked = (authority: CertificateAuthority) => Promise<void>;

export class Enrolments {
  readonly #authority: CertificateAuthority;
  readonly #register: Register;
  readonly #onRevoked: OnRevoked;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    authority: CertificateAuthority,
    register: Register,
    onRevoked: OnRevoked = () => Promise.resolve(),
  ) {
    this.#authority = authority;
    this.#register = register;
    this.#onRevoked = onRevoked;
  }

  /** @returns the secret to enroll with. */
  register(registrar: string, registration: Registration): Promise<string> {
    return this.#inTurn(() => this.#registerNow(registrar, registration));
  }

  /**
   * A certificate for the key of a request. The same key may come again: that is a renewal.
   *
   * @param csr - PKCS #10 in PEM; its common name must be the id, as Fabric CA asks.
   * @returns PEM.
   */
  enroll(id: string, secret: string, csr: string): Promise<string> {
    return this.#inTurn(() => this.#enrollNow(id, secret, csr));
  }

  /** @returns the certificates revoked. */
  revoke(registrar: string, revocation: Revocation): Promise<IssuedCertificate[]> {
    return this.#inTurn(() => this.#revokeNow(registrar, revocation));
  }

  /** What has been revoked, PEM. */
  revocationList(registrar: string): Promise<string> {
    this.#checkRegistrar(registrar);
    return listOf(this.#authority, this.#register);
  }

  /** One at a time: what is read decides what is written. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #registerNow(registrar: string, registration: Registration): Promise<string> {
    this.#checkRegistrar(registrar);
    const { mspId } = this.#authority;
    const { id, type } = registration;
    if (type !== UNIT) throw notAuthorized(`cannot register an identity of type '${type}'`);
    if (this.#register.identity(mspId, id) !== undefined) {
      const text = `Registration of '${id}' failed: Identity '${id}' is already registered`;
      throw new CaError(409, CaCode.isRegistered, text);
    }
    const secret = registration.secret ?? randomBytes(SECRET_LENGTH).toString('hex');
    await this.#register.putIdentity(mspId, {
      id,
      type,
      secretHash: hashOf(secret),
      affiliation: registration.affiliation,
      attributes: registration.attributes,
      maxEnrollments: registration.maxEnrollments,
      enrollments: 0,
      isRevoked: false,
    });
    return secret;
  }

  async #enrollNow(id: string, secret: string, csr: string): Promise<string> {
    const { mspId } = this.#authority;
    const identity = this.#register.identity(mspId, id);
    const isKnown = timingSafeEqual(
      Buffer.from(hashOf(secret)),
      Buffer.from(identity?.secretHash ?? hashOf('')),
    );
    if (identity === undefined || !isKnown || identity.isRevoked) throw notAuthenticated();
    const { maxEnrollments, enrollments, type, affiliation } = identity;
    if (maxEnrollments >= 0 && enrollments >= maxEnrollments) throw notAuthenticated();
    const publicKey = await publicKeyOf(csr, id);
    const attributes = Object.fromEntries([
      ...identity.attributes.filter(({ inCertificate }) => inCertificate).map(pairOf),
      ['hf.EnrollmentID', id],
      ['hf.Type', type],
      ['hf.Affiliation', affiliation],
    ]) as Record<string, string>;
    const request = { name: id, unit: UNIT, publicKey, attributes };
    const certificatePem = await this.#authority.issue(request);
    const counted = { ...identity, enrollments: enrollments + 1 };
    await this.#register.putCertificate(mspId, issued(id, certificatePem), counted);
    return certificatePem;
  }

  async #revokeNow(
    registrar: string,
    { id, serialNumber }: Revocation,
  ): Promise<IssuedCertificate[]> {
    this.#checkRegistrar(registrar);
    const { mspId } = this.#authority;
    const identity = id === undefined ? undefined : this.#identity(id);
    const certificates =
      identity === undefined
        ? [this.#certificate(serialNumber ?? '')]
        : await this.#register.certificatesOf(mspId, identity.id);
    const serialNumbers = certificates.map((certificate) => certificate.serialNumber);
    await this.#register.revoke(mspId, serialNumbers, identity && { ...identity, isRevoked: true });
    await this.#onRevoked(this.#authority);
    return certificates;
  }

  #certificate(serialNumber: string): IssuedCertificate {
    const certificate = this.#register.certificate(this.#authority.mspId, serialNumber);
    if (certificate !== undefined) return certificate;
    throw new CaError(404, CaCode.notFound, `no certificate has serial number ${serialNumber}`);
  }

  #identity(id: string): RegisteredIdentity {
    const identity = this.#register.identity(this.#authority.mspId, id);
    if (identity !== undefined) return identity;
    throw new CaError(404, CaCode.notFound, `Identity '${id}' was not found`);
  }

  #checkRegistrar(certificatePem: string): void {
    const role = attributesOf(certificatePem)['role'];
    if (role !== undefined && REGISTRARS.includes(role)) return;
    throw notAuthorized('the caller is not a registrar');
  }
}

/** The revocation list of an authority as it is now, PEM. */
export const listOf = async (
  authority: CertificateAuthority,
  register: Register,
): Promise<string> => authority.revocationList(await register.revokedOf(authority.mspId));

/** The public key of a P-256 request for `id` whose signature shows that its sender holds the private one; DER. */
async function publicKeyOf(csr: string, id: string): Promise<Uint8Array> {
  try {
    const request = new x509.Pkcs10CertificateRequest(csr);
    const { algorithm } = request.publicKey as { algorithm: { name: string; namedCurve?: string } };
    if (algorithm.name !== 'ECDSA' || algorithm.namedCurve !== 'P-256') {
      throw new Error('expected a P-256 key');
    }
    if (!request.subjectName.getField('CN').includes(id)) {
      throw new Error('the CSR subject common name must equal the enrollment ID');
    }
    if (!(await request.verify())) throw new Error('its signature does not hold');
    return new Uint8Array(request.publicKey.rawData);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CaError(400, CaCode.badCsr, `the certificate request is refused: ${why}`);
  }
}

function issued(id: string, certificatePem: string): IssuedCertificate {
  const certificate = new x509.X509Certificate(certificatePem);
  const extension = certificate.getExtension(x509.AuthorityKeyIdentifierExtension);
  return {
    id,
    serialNumber: new X509Certificate(certificatePem).serialNumber.toLowerCase(),
    authorityKeyId: extension?.keyId?.toLowerCase() ?? '',
  };
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

const pairOf = ({ name, value }: RegisteredAttribute): [string, string] => [name, value];

/** Attributes in a certificate, as Fabric CA puts them there. */
export function attributesOf(certificatePem: string): Readonly<Record<string, string>> {
  const extension = new x509.X509Certificate(certificatePem).getExtension('1.2.3.4.5.6.7.8.1');
  if (extension === null) return {};
  const { attrs } = JSON.parse(Buffer.from(extension.value).toString()) as {
    attrs?: Record<string, string>;
  };
  return attrs ?? {};
}
