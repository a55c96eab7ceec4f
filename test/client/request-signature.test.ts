import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { httpbis } from 'http-message-signatures';
import { signRequest } from '../../client/src/request-signature.ts';
import { newSigningKey, type SigningKey } from '../../client/src/signing-key.ts';

const NOW_MS = Date.now();
const random = (length: number) => new Uint8Array(randomBytes(length));
const url = new URL('http://localhost:7070/v1/uploads?x=1');
const body = new TextEncoder().encode('{"fileId":"ab"}');

let key: SigningKey;
beforeAll(async () => {
  key = await newSigningKey(new Uint8Array(32).fill(7));
});

const publicKey = () =>
  createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });

const isSigned = (request: { method: string; url: URL; headers: Record<string, string> }) =>
  httpbis.verifyMessage(
    {
      requiredFields: ['@method', '@target-uri', 'content-digest', 'content-length'],
      requiredParams: ['created', 'expires', 'nonce', 'keyid', 'alg'],
      notAfter: new Date(NOW_MS + 1_000),
      keyLookup: async () => ({
        verify: async (base, signature) =>
          verify('sha256', base, { key: publicKey(), dsaEncoding: 'ieee-p1363' }, signature),
      }),
    },
    request,
  );

describe('a signed request', () => {
  it('signs the base of RFC 9421 section 2.5, written out here', async () => {
    const headers = await signRequest(
      { method: 'POST', url, headers: {}, body },
      key,
      NOW_MS,
      random,
    );
    const parameters = headers['Signature-Input']?.replace(/^sig=/, '') ?? '';
    const digest = createHash('sha256').update(body).digest('base64');
    const base = [
      '"@method": POST',
      '"@target-uri": http://localhost:7070/v1/uploads?x=1',
      `"content-digest": sha-256=:${digest}:`,
      `"content-length": ${body.length}`,
      `"@signature-params": ${parameters}`,
    ].join('\n');
    const signature = Buffer.from(headers['Signature']?.slice('sig=:'.length, -1) ?? '', 'base64');
    expect(signature).toHaveLength(64);
    expect(
      verify(
        'sha256',
        Buffer.from(base),
        { key: publicKey(), dsaEncoding: 'ieee-p1363' },
        signature,
      ),
    ).toBe(true);
    const seconds = Math.floor(NOW_MS / 1000);
    expect(parameters).toMatch(
      new RegExp(
        '^\\("@method" "@target-uri" "content-digest" "content-length"\\)' +
          `;created=${seconds};expires=${seconds + 60};nonce="[\\w-]{22}"` +
          `;keyid="${key.keyId}";alg="ecdsa-p256-sha256"$`,
      ),
    );
  });

  it('names its key by the hex SHA-256 of the SubjectPublicKeyInfo', () => {
    expect(key.keyId).toBe(createHash('sha256').update(key.spki).digest('hex'));
  });

  it('covers method and target alone where there is no body', async () => {
    const headers = await signRequest({ method: 'GET', url, headers: {} }, key, NOW_MS, random);
    expect(headers['Signature-Input']).toContain('sig=("@method" "@target-uri");');
    expect(headers['content-digest']).toBeUndefined();
  });

  it('has a nonce of its own each time', async () => {
    const nonce = async () => {
      const headers = await signRequest({ method: 'GET', url, headers: {} }, key, NOW_MS, random);
      return /nonce="([^"]+)"/.exec(headers['Signature-Input'] ?? '')?.[1];
    };
    expect(await nonce()).not.toBe(await nonce());
  });

  it.each([
    ['method', { method: 'PUT' }],
    ['target', { url: new URL('http://localhost:7070/v1/uploads?x=2') }],
    ['digest', { headers: { 'content-digest': 'sha-256=:AAAA:' } }],
    ['length', { headers: { 'content-length': '1' } }],
  ])('no longer verifies with another %s', async (_, change) => {
    const headers = await signRequest(
      { method: 'POST', url, headers: {}, body },
      key,
      NOW_MS,
      random,
    );
    const signed = { method: 'POST', url, headers };
    expect(await isSigned(signed)).toBe(true);
    const changed = 'headers' in change ? { headers: { ...headers, ...change.headers } } : change;
    expect(await isSigned({ ...signed, ...changed })).toBe(false);
  });
});
