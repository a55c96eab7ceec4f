import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { utf8 } from '@holdfast/protocol/bytes.js';
import { readCertificate } from '../../chaincode/src/certificate.ts';
import { CertificateAuthority } from '../../network/devpeer/src/certificate-authority.ts';
import { codeOf } from '../support/refusal.ts';

let pem: string;
let spki: Uint8Array;

beforeAll(async () => {
  const authority = await CertificateAuthority.create('Alder');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  const attributes = { role: 'owner' };
  pem = await authority.issue({ name: 'o', unit: 'client', publicKey: spki, attributes });
});

describe('a certificate', () => {
  it('yields the public key that it certifies', () => {
    expect(readCertificate(utf8(pem)).spki).toEqual(spki);
  });

  it('yields the key of a root too, and as OpenSSL finds it', async () => {
    const root = (await CertificateAuthority.create('Cedar')).rootCertificate;
    const expected = new X509Certificate(root).publicKey.export({ type: 'spki', format: 'der' });
    const found = readCertificate(utf8(root)).spki;
    expect(createHash('sha256').update(found).digest()).toEqual(
      createHash('sha256').update(expected).digest(),
    );
  });

  it('has one spelling, and is refused in any other', () => {
    const { pem: canonical } = readCertificate(utf8(pem));
    expect(readCertificate(utf8(canonical.trimEnd())).pem).toBe(canonical);
    expect(new X509Certificate(canonical).publicKey.asymmetricKeyType).toBe('ec');
    const spellings = [
      canonical.replaceAll('\n', '\r\n'),
      `a note\n${canonical}`,
      `${canonical}a note`,
      `${canonical}\n`,
      `${canonical}${canonical}`,
      canonical.replace('CERTIFICATE-----\n', 'CERTIFICATE-----'),
      canonical.replace('\nMII', '\nMI\nI'),
    ];
    for (const spelling of spellings) {
      expect(codeOf(() => readCertificate(utf8(spelling)))).toBe('INPUT_INVALID');
    }
  });

  it('is refused where it is cut off or something else', () => {
    const body = Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64');
    for (const length of [1, 2, 4, 10, 100, 200]) {
      expect(codeOf(() => readCertificate(asPem(body.subarray(0, length))))).toBe('INPUT_INVALID');
    }
    const notSequence = Buffer.from(body);
    notSequence[0] = 0x31;
    expect(codeOf(() => readCertificate(asPem(notSequence)))).toBe('INPUT_INVALID');
    expect(codeOf(() => readCertificate(utf8('no certificate')))).toBe('INPUT_INVALID');
    expect(codeOf(() => readCertificate(Uint8Array.of(0xff, 0xfe)))).toBe('INPUT_INVALID');
  });

  it('is one of version 1 as well, which says no version', () => {
    const key = der(SEQUENCE, Uint8Array.of(5, 0));
    expect(readCertificate(asPem(certificateOf(key))).spki).toEqual(key);
    const version = der(0xa0, Uint8Array.of(2, 1, 2));
    expect(readCertificate(asPem(certificateOf(key, version))).spki).toEqual(key);
  });

  it('is refused where a key ought to be and is none, and where a length takes four bytes', () => {
    const integer = der(0x02, Uint8Array.of(5, 0));
    expect(codeOf(() => readCertificate(asPem(certificateOf(integer))))).toBe('INPUT_INVALID');
    const long = Uint8Array.of(SEQUENCE, 0x84, 0, 0, 0, 2, 5, 0);
    expect(codeOf(() => readCertificate(asPem(long)))).toBe('INPUT_INVALID');
    expect(codeOf(() => readCertificate(asPem(certificateOf(long))))).toBe('INPUT_INVALID');
  });
});

const SEQUENCE = 0x30;

/** An element of DER with a length below 65,536. */
function der(tag: number, content: Uint8Array): Uint8Array {
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Uint8Array.of(...head, ...content);
}

/** A certificate of nothing but what stands before its key, and the key. */
function certificateOf(key: Uint8Array, version: Uint8Array = new Uint8Array()): Uint8Array {
  const filler = der(SEQUENCE, new Uint8Array(200));
  const before = [der(0x02, Uint8Array.of(1)), filler, filler, filler, filler];
  const body = Buffer.concat([version, ...before, key]);
  return der(SEQUENCE, der(SEQUENCE, body));
}

const linesOf = (bytes: Uint8Array): readonly string[] =>
  Buffer.from(bytes)
    .toString('base64')
    .match(/.{1,64}/g) ?? [];

const asPem = (bytes: Uint8Array): Uint8Array =>
  utf8(`-----BEGIN CERTIFICATE-----\n${linesOf(bytes).join('\n')}\n-----END CERTIFICATE-----\n`);
