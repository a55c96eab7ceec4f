/**
 * The organisations of the channel: whose certificates count, and whether a signature is one of theirs.
 *
 * What a peer does in its membership service provider (MSP), for ECDSA P-256 certificates issued directly by one root
 * per organisation. Intermediate authorities and Idemix are not supported; what is revoked the caller says.
 *
 * @module
 */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { msp } from '@hyperledger/fabric-protos';
import { sha256 } from './hash.ts';
import { isSignatureValid, newSigner, type Signer } from './signature.ts';

export interface Organisation {
  readonly mspId: string;
  /** PEM of the self-signed root. */
  readonly rootCertificate: string;
}

/** A certificate that its organisation's root has signed. */
export interface Identity {
  readonly mspId: string;
  readonly publicKey: KeyObject;
  /** Organisational units of the subject: Fabric's NodeOUs `client`, `peer`, `admin`. */
  readonly units: ReadonlySet<string>;
  readonly serialNumber: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Who signs for an organisation, such as its peer. */
export interface SigningIdentity {
  readonly mspId: string;
  readonly serialized: Uint8Array;
  readonly sign: Signer;
}

/** An identity whose certificate was never good; {@link Organisations.verify} refuses others with a plain Error. */
export class MalformedIdentity extends Error {}

const REMEMBERED = 10_000;

export class Organisations {
  readonly #roots: ReadonlyMap<string, X509Certificate>;
  readonly #isRevoked: (mspId: string, serialNumber: string) => boolean;
  readonly #identities = new Map<string, Identity>();
  readonly #verified = new Set<string>();

  /** @param isRevoked - asked at each signature with the serial number in lowercase hex. */
  constructor(
    organisations: readonly Organisation[],
    isRevoked: (mspId: string, serialNumber: string) => boolean = () => false,
  ) {
    this.#isRevoked = isRevoked;
    this.#roots = new Map(
      organisations.map((one) => [one.mspId, new X509Certificate(one.rootCertificate)]),
    );
  }

  get mspIds(): string[] {
    return [...this.#roots.keys()];
  }

  /** @throws MalformedIdentity when the organisation is unknown or did not issue the certificate. */
  identify(serialized: Uint8Array): Identity {
    const key = Buffer.from(serialized).toString('latin1');
    const known = this.#identities.get(key);
    if (known !== undefined) return known;
    const identity = this.#parse(serialized);
    forgetOldest(this.#identities);
    this.#identities.set(key, identity);
    return identity;
  }

  /** @throws when the identity is malformed, out of date or revoked, or the signature is not its own. */
  verify(serialized: Uint8Array, message: Uint8Array, signature: Uint8Array): Identity {
    const identity = this.identify(serialized);
    const now = Date.now();
    if (now > identity.notAfter || now < identity.notBefore) {
      throw new Error('the certificate is expired or not yet valid');
    }
    if (this.#isRevoked(identity.mspId, identity.serialNumber)) {
      throw new Error('the certificate has been revoked');
    }
    if (this.#verified.has(trace(serialized, message, signature))) return identity;
    if (!isSignatureValid(identity.publicKey, message, signature)) {
      throw new Error('the signature is invalid');
    }
    return identity;
  }

  /** Remembers a signature this process has just made itself: checking it again costs a millisecond per endorsement. */
  remember(serialized: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
    forgetOldest(this.#verified);
    this.#verified.add(trace(serialized, message, signature));
  }

  #parse(serialized: Uint8Array): Identity {
    const identity = parseSerialized(serialized);
    const mspId = identity.getMspid();
    const root = this.#roots.get(mspId);
    if (root === undefined) throw new MalformedIdentity(`MSP ${mspId} is unknown`);
    const certificate = parseCertificate(identity.getIdBytes_asU8());
    const notBefore = Date.parse(certificate.validFrom);
    // a peer verifies the chain at the time of the leaf's notBefore, so a leaf must not predate its issuer
    const isIssued =
      certificate.checkIssued(root) &&
      certificate.verify(root.publicKey) &&
      notBefore >= Date.parse(root.validFrom);
    if (!isIssued) throw new MalformedIdentity(`the certificate is not issued by ${mspId}`);
    if (certificate.publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new MalformedIdentity('only ECDSA P-256 identities are supported');
    }
    return {
      mspId,
      publicKey: certificate.publicKey,
      units: new Set(unitsOf(certificate)),
      serialNumber: certificate.serialNumber.toLowerCase(),
      notBefore,
      notAfter: Date.parse(certificate.validTo),
    };
  }
}

export function serializeIdentity(mspId: string, certificatePem: string): Uint8Array {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(Buffer.from(certificatePem));
  return identity.serializeBinary();
}

export function newSigningIdentity(
  mspId: string,
  certificatePem: string,
  privateKey: KeyObject | string,
): SigningIdentity {
  return {
    mspId,
    serialized: serializeIdentity(mspId, certificatePem),
    sign: newSigner(privateKey),
  };
}

function parseSerialized(serialized: Uint8Array): msp.SerializedIdentity {
  try {
    return msp.SerializedIdentity.deserializeBinary(serialized);
  } catch (cause) {
    throw new MalformedIdentity('the identity is not a SerializedIdentity', { cause });
  }
}

function parseCertificate(pem: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new MalformedIdentity('the identity holds no X.509 certificate', { cause });
  }
}

function unitsOf(certificate: X509Certificate): string[] {
  const lines = certificate.subject.split('\n');
  return lines.filter((line) => line.startsWith('OU=')).map((line) => line.slice(3));
}

function trace(serialized: Uint8Array, message: Uint8Array, signature: Uint8Array): string {
  return sha256(sha256(serialized), sha256(message), signature).toString('latin1');
}

function forgetOldest(memory: Map<string, unknown> | Set<string>): void {
  const [oldest] = memory.keys();
  if (memory.size >= REMEMBERED && oldest !== undefined) memory.delete(oldest);
}
