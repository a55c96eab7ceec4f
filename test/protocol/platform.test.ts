import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromHex, fromUtf8, hex, utf8 } from '@holdfast/protocol/bytes.js';
import { platform as node } from '@holdfast/protocol/platform/node.js';
import { platform as web } from '@holdfast/protocol/platform/web.js';
import { RUNS } from '../support/property.ts';
import { flipped } from '../support/tamper.ts';
import { vectors } from '../support/vectors.ts';

type Fields = Record<string, string>;
interface Published {
  readonly sha: Fields;
  readonly hmac: Fields;
  readonly hkdf: { readonly cases: readonly Fields[] };
  readonly scrypt: { readonly cases: readonly ScryptCase[] };
  readonly ctr: Fields;
  readonly gcm: Fields;
}
interface ScryptCase {
  readonly password: string;
  readonly salt: string;
  readonly cost: { readonly N: number; readonly r: number; readonly p: number };
  readonly key: string;
}

const published = vectors<Published>('platform.json');
const rsa = vectors<Fields>('rfc9474.json');
const rsaKey = { modulus: fromHex(rsa['n'] ?? ''), exponent: 65_537 };
const of = (fields: Fields, name: string) => fromHex(fields[name] ?? '');

describe.each([
  ['Node', node],
  ['a browser', web],
])('the platform of %s', (_, platform) => {
  it('digests as FIPS 180-4 publishes, in one part or in several', async () => {
    const message = of(published.sha, 'message');
    const parts = [message.slice(0, 1), message.slice(1)];
    expect(hex(platform.sha256(message))).toBe(published.sha['sha256']);
    expect(hex(platform.sha256(...parts))).toBe(published.sha['sha256']);
    expect(hex(await platform.sha256Bulk(message))).toBe(published.sha['sha256']);
    expect(hex(platform.sha384(...parts))).toBe(published.sha['sha384']);
  });

  it('authenticates as RFC 4231 publishes', () => {
    const mac = platform.hmac(of(published.hmac, 'key'), of(published.hmac, 'message'));
    expect(hex(mac)).toBe(published.hmac['mac']);
  });

  it.each(published.hkdf.cases)('derives keys as RFC 5869 publishes, salt "$salt"', (one) => {
    const length = of(one, 'okm').length;
    const key = platform.hkdf(of(one, 'ikm'), of(one, 'salt'), of(one, 'info'), length);
    expect(hex(key)).toBe(one['okm']);
  });

  it.each(published.scrypt.cases)(
    'stretches "$password" as RFC 7914 publishes',
    async ({ password, salt, cost, key }) => {
      expect(hex(await platform.scrypt(password, fromHex(salt), cost))).toBe(key);
    },
  );

  it('stretches nothing at a cost that scrypt has not', async () => {
    const stretched = platform.scrypt('password', new Uint8Array(16), { N: 3, r: 8, p: 1 });
    await expect(stretched).rejects.toThrow(Error);
  });

  it('encrypts and decrypts by AES-256-CTR as SP 800-38A publishes', async () => {
    const [key, counter] = [of(published.ctr, 'key'), of(published.ctr, 'counter')];
    const plaintext = of(published.ctr, 'plaintext');
    const ciphertext = await platform.aesCtr(key, plaintext, counter);
    expect(hex(ciphertext)).toBe(published.ctr['ciphertext']);
    expect(await platform.aesCtr(key, ciphertext, counter)).toEqual(plaintext);
  });

  it('counts from zero where no counter is given, and encrypts nothing to nothing', async () => {
    const key = of(published.ctr, 'key');
    const zero = await platform.aesCtr(key, new Uint8Array(40), new Uint8Array(16));
    expect(await platform.aesCtr(key, new Uint8Array(40))).toEqual(zero);
    expect(await platform.aesCtr(key, new Uint8Array())).toEqual(new Uint8Array());
  });

  it('seals by AES-256-GCM as the mode was published, and opens nothing that was changed', async () => {
    const { gcm } = published;
    const [key, iv, additional] = [of(gcm, 'key'), of(gcm, 'iv'), of(gcm, 'additional')];
    const sealed = await platform.gcmSeal(key, iv, additional, of(gcm, 'plaintext'));
    expect(hex(sealed)).toBe(gcm['sealed']);
    expect(await platform.gcmOpen(key, iv, additional, sealed)).toEqual(of(gcm, 'plaintext'));
    const changed = [
      platform.gcmOpen(flipped(key), iv, additional, sealed),
      platform.gcmOpen(key, flipped(iv), additional, sealed),
      platform.gcmOpen(key, iv, flipped(additional), sealed),
      platform.gcmOpen(key, iv, additional, flipped(sealed, 9)),
      platform.gcmOpen(key, iv, additional, flipped(sealed, 8 * sealed.length - 1)),
      platform.gcmOpen(key, iv, additional, sealed.slice(0, 15)),
    ];
    const outcomes = await Promise.allSettled(changed);
    expect(outcomes.map(({ status }) => status)).toEqual(changed.map(() => 'rejected'));
  });

  it('verifies the signature of RFC 9474 by raising it to e', () => {
    const encoded = platform.rsaPublic(rsaKey, of(rsa, 'sig'));
    expect(hex(encoded)).toBe(rsa['encoded_msg']);
  });

  it('raises only elements below the modulus and as long', () => {
    const above = new Uint8Array(rsaKey.modulus.length).fill(0xff);
    expect(() => platform.rsaPublic(rsaKey, above)).toThrow(Error);
    expect(() => platform.rsaPublic(rsaKey, rsaKey.modulus)).toThrow(Error);
    expect(() => platform.rsaPublic(rsaKey, of(rsa, 'sig').slice(1))).toThrow(Error);
  });
});

describe('both platforms', () => {
  it('agree on what no vector covers', async () => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
    const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
    await fc.assert(
      fc.asyncProperty(key, bytes(300), bytes(80), async (secret, message, other) => {
        expect(web.sha256(message, other)).toEqual(node.sha256(message, other));
        expect(web.sha384(message, other)).toEqual(node.sha384(message, other));
        expect(web.hmac(other, message)).toEqual(node.hmac(other, message));
        expect(web.hkdf(secret, other, message, 99)).toEqual(node.hkdf(secret, other, message, 99));
        expect(await web.sha256Bulk(message)).toEqual(await node.sha256Bulk(message));
        expect(await web.aesCtr(secret, message)).toEqual(await node.aesCtr(secret, message));
        const iv = secret.slice(0, 12);
        const sealed = await web.gcmSeal(secret, iv, other, message);
        expect(sealed).toEqual(await node.gcmSeal(secret, iv, other, message));
        expect(await web.gcmOpen(secret, iv, other, sealed)).toEqual(message);
      }),
      RUNS,
    );
  });

  it('agree on a password of any letters at the cost of a wrapped seed', async () => {
    const salt = utf8('a salt of sixteen');
    const password = fromUtf8(fromHex('c3bc20e2889a'));
    expect(await web.scrypt(password, salt)).toEqual(await node.scrypt(password, salt));
  });
});
