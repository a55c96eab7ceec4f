/**
 * How callers of a certificate authority prove who they are: Fabric CA's token, or basic authentication to enroll.
 *
 * A token is `base64(certificate PEM) "." base64(signature)`; signed is
 * `method "." base64(path) "." base64(body) "." base64(certificate)`.
 *
 * @module
 */
import { notAuthenticated } from './ca-error.ts';
import { type Organisations, serializeIdentity } from './organisations.ts';

export interface CaRequest {
  readonly method: string;
  /** Path and query, as in the request line. */
  readonly path: string;
  readonly body: string;
  readonly authorization: string;
}

/** @returns the caller's certificate in PEM. */
export function checkToken(
  mspId: string,
  organisations: Organisations,
  { method, path, body, authorization }: CaRequest,
): string {
  const [certificate = '', signature = ''] = authorization.split('.');
  const pem = Buffer.from(certificate, 'base64').toString();
  const signed = [method, encode(path), encode(body), certificate].join('.');
  try {
    const identity = serializeIdentity(mspId, pem);
    organisations.verify(identity, Buffer.from(signed), Buffer.from(signature, 'base64'));
    return pem;
  } catch {
    throw notAuthenticated();
  }
}

export function parseBasic(authorization: string): { id: string; secret: string } {
  const [scheme, encoded = ''] = authorization.split(' ');
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (scheme !== 'Basic' || colon < 0) throw notAuthenticated();
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

const encode = (text: string): string => Buffer.from(text).toString('base64');
