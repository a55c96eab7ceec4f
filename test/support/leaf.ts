/** Certificates that the development authority itself would never issue. */
import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { newSigner } from '../../network/devpeer/src/signature.ts';
import type { TestIdentity } from './memory-ledger.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A leaf with any dates, milliseconds since 1970. */
export async function newLeaf(
  authority: CertificateAuthority,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<TestIdentity> {
  const root = createPrivateKey(authority.privateKeyPem).export({ type: 'pkcs8', format: 'der' });
  const signingKey = await webcrypto.subtle.importKey('pkcs8', root, ALGORITHM, false, ['sign']);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=leaf, OU=client, O=${authority.mspId}`,
    issuer: new x509.X509Certificate(authority.rootCertificate).subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(from),
    notAfter: new Date(to),
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const sign = newSigner(privateKey);
  return {
    mspId: authority.mspId,
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKey,
    signer: (message) => Promise.resolve(sign(message)),
  };
}
