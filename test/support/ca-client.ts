/** A client of Fabric CA's REST interface, after fabric-ca-client: register with a token, enroll with a secret. */
import 'reflect-metadata';
import { createPrivateKey, type KeyObject, sign, webcrypto } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { json } from 'node:stream/consumers';
import * as x509 from '@peculiar/x509';
import { toLowS } from '../../network/devpeer/src/signature.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);

export interface CaAnswer {
  readonly status: number;
  readonly success: boolean;
  readonly result: Readonly<Record<string, unknown>>;
  readonly errors: readonly { readonly code: number; readonly message: string }[];
}

export interface Registrar {
  readonly cert: string;
  readonly key: string;
}

/** @param root - PEM of the authority's root of TLS, where it speaks that. */
export async function callCa(
  caUrl: string,
  operation: string,
  content: unknown,
  authorization: string | Registrar,
  root?: string,
): Promise<CaAnswer> {
  const url = new URL(`${caUrl}/api/v1/${operation}`);
  const body = JSON.stringify(content);
  const headers = {
    authorization:
      typeof authorization === 'string'
        ? authorization
        : token(authorization, 'POST', url.pathname, body),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = { method: 'POST', headers };
    const sending =
      root === undefined
        ? httpRequest(url, options, resolve)
        : httpsRequest(url, { ...options, ca: root }, resolve);
    sending.on('error', reject);
    sending.end(body);
  });
  const answer = (await json(response)) as Omit<CaAnswer, 'status'>;
  return { status: response.statusCode ?? 0, ...answer };
}

export const enroll = (
  caUrl: string,
  id: string,
  secret: string,
  csr: string,
  root?: string,
): Promise<CaAnswer> => {
  const basic = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  return callCa(caUrl, 'enroll', { certificate_request: csr }, basic, root);
};

export const certificateIn = ({ result }: CaAnswer): string =>
  Buffer.from(String(result['Cert']), 'base64').toString();

export function token(
  { cert, key }: Registrar,
  method: string,
  path: string,
  body: string,
): string {
  const encode = (text: string): string => Buffer.from(text).toString('base64');
  const signed = [method, encode(path), encode(body), encode(cert)].join('.');
  const signature = toLowS(sign('sha256', Buffer.from(signed), createPrivateKey(key)));
  return `${encode(cert)}.${Buffer.from(signature).toString('base64')}`;
}

/** A new key and a request for it, PEM. */
export async function newSigningRequest(
  name: string,
): Promise<{ readonly csr: string; readonly privateKey: KeyObject }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return { csr: request.toString('pem'), privateKey };
}
