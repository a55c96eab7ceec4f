/**
 * Finds the public key in a certificate.
 *
 * The peer has checked the certificate's chain and the signature under its key before the contract runs; what is left is
 * to walk DER (ITU-T X.690) to the SubjectPublicKeyInfo (RFC 5280 section 4.1).
 *
 * @module
 */
import { fromUtf8 } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';

const SEQUENCE = 0x30;
const VERSION = 0xa0;

export interface Certificate {
  /** Its one spelling: 64 letters a line, nothing before or after but a line end. */
  readonly pem: string;
  /** DER of its SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

/**
 * Takes one certificate in its one spelling. In anything else two readers may find two certificates: a peer that skips a
 * block it takes for malformed checks the signature under the second, and a contract that reads the first would let
 * whoever signed act for whoever stands there.
 *
 * @param creator - the identity's bytes as the client sent them.
 * @throws `INPUT_INVALID` where they are anything but one certificate in PEM.
 */
export function readCertificate(creator: Uint8Array): Certificate {
  const text = fromUtf8(creator);
  const body =
    /^-----BEGIN CERTIFICATE-----\n([A-Za-z0-9+/=\n]+)\n-----END CERTIFICATE-----\n?$/.exec(text);
  const der = new Uint8Array(Buffer.from(body?.[1] ?? '', 'base64'));
  const pem = toPem(der);
  if (text !== pem && `${text}\n` !== pem) throw malformed();
  return { pem, spki: subjectPublicKeyInfo(der) };
}

/** Certificate { tbs { [0] version, serial, algorithm, issuer, validity, subject, SPKI, ... }, ... } */
function subjectPublicKeyInfo(der: Uint8Array): Uint8Array {
  const tbs = inside(inside(der));
  let rest = tbs[0] === VERSION ? after(tbs) : tbs;
  for (const _ of ['serial', 'algorithm', 'issuer', 'validity', 'subject']) rest = after(rest);
  if (rest[0] !== SEQUENCE) throw malformed();
  return rest.slice(0, extent(rest).end);
}

const inside = (der: Uint8Array): Uint8Array => {
  if (der[0] !== SEQUENCE) throw malformed();
  const { start, end } = extent(der);
  return der.subarray(start, end);
};

const after = (der: Uint8Array): Uint8Array => der.subarray(extent(der).end);

/** Where the content of the first element starts and ends. */
function extent(der: Uint8Array): { start: number; end: number } {
  const first = der[1] ?? 0;
  const extra = first < 0x80 ? 0 : first & 0x7f;
  if (extra > 3) throw malformed();
  let length = extra === 0 ? first : 0;
  for (const byte of der.subarray(2, 2 + extra)) length = length * 256 + byte;
  const start = 2 + extra;
  if (der.length < start + length) throw malformed();
  return { start, end: start + length };
}

const malformed = () =>
  new HoldfastError('INPUT_INVALID', 'creator: expected one X.509 certificate in PEM, lines of 64');

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
