/**
 * Signatures of requests (RFC 9421) under the owner's own key: no password and no token ever reaches a gateway.
 *
 * Covered: method and target, and of a request with a body its digest (RFC 9530) and length. The signature lives at most
 * a minute, its nonce is used once, `keyid` is the hex SHA-256 of the key's SubjectPublicKeyInfo.
 *
 * @module
 */
import { httpbis } from 'http-message-signatures';
import { base64url } from '@holdfast/protocol/bytes.js';
import { sha256, type SigningKey } from './signing-key.ts';

const LIFE_MS = 60_000;
const NONCE = 16;

export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Whole in memory: a part of an upload is at most 16 MiB. */
  readonly body?: Uint8Array;
}

/**
 * (Owner) The request's headers with digest, length and signature.
 *
 * @param nowMs - the device's clock; a gateway refuses one that is far off.
 */
export async function signRequest(
  { method, url, headers, body }: UnsignedRequest,
  key: SigningKey,
  nowMs: number,
  random: (length: number) => Uint8Array,
): Promise<Record<string, string>> {
  const described = body === undefined ? {} : await describe(body);
  const created = new Date(Math.floor(nowMs / 1000) * 1000);
  const { headers: signed } = await httpbis.signMessage(
    {
      key: {
        id: key.keyId,
        alg: 'ecdsa-p256-sha256',
        sign: async (base) => Buffer.from(await key.sign(base)),
      },
      fields: ['@method', '@target-uri', ...Object.keys(described)],
      params: ['created', 'expires', 'nonce', 'keyid', 'alg'],
      paramValues: {
        created,
        expires: new Date(created.getTime() + LIFE_MS),
        nonce: base64url(random(NONCE)),
      },
    },
    { method, url, headers: { ...headers, ...described } },
  );
  return Object.fromEntries(Object.entries(signed).map(([name, value]) => [name, String(value)]));
}

async function describe(body: Uint8Array): Promise<Record<string, string>> {
  const digest = Buffer.from(await sha256(body)).toString('base64');
  return { 'content-digest': `sha-256=:${digest}:`, 'content-length': String(body.length) };
}
