/**
 * P-256 signatures in the two spellings that meet here: r || s (RFC 9421, WebCrypto) and DER (X.509, Fabric).
 *
 * Fabric refuses a signature whose s lies in the upper half of the group's order, because (r, n - s) verifies as well.
 *
 * @module
 */
import { concat, integer, toInteger } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';

/** Order of P-256 (SEC 2, 2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const SCALAR = 32;
const INTEGER = 0x02;
const SEQUENCE = 0x30;

/** @returns the same signature with s in the lower half of the order; both 64 bytes. */
export function toLowS(signature: Uint8Array): Uint8Array {
  if (isLowS(signature)) return signature;
  const s = toInteger(signature.subarray(SCALAR));
  return concat(signature.subarray(0, SCALAR), integer(ORDER - s, SCALAR));
}

export const isLowS = (signature: Uint8Array): boolean =>
  toInteger(signature.subarray(SCALAR)) <= ORDER / 2n;

/** @param signature - r || s, 64 bytes. */
export function encodeDer(signature: Uint8Array): Uint8Array {
  const body = concat(
    encodeInteger(signature.subarray(0, SCALAR)),
    encodeInteger(signature.subarray(SCALAR)),
  );
  return concat(Uint8Array.of(SEQUENCE, body.length), body);
}

/** @throws `INPUT_INVALID` unless `der` is the one DER spelling of two integers of at most 32 bytes. */
export function decodeDer(der: Uint8Array): Uint8Array {
  const malformed = () => new HoldfastError('INPUT_INVALID', 'not a DER signature of P-256');
  const [tag, length] = der;
  if (tag !== SEQUENCE || length !== der.length - 2) throw malformed();
  const r = readInteger(der, 2);
  const s = r === undefined ? undefined : readInteger(der, r.end);
  if (r === undefined || s === undefined || s.end !== der.length) throw malformed();
  const signature = concat(r.value, s.value);
  const again = encodeDer(signature);
  if (again.length !== der.length || again.some((byte, i) => byte !== der[i])) throw malformed();
  return signature;
}

function encodeInteger(value: Uint8Array): Uint8Array {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start++;
  const digits = value.subarray(start);
  const sign = (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array();
  return concat(Uint8Array.of(INTEGER, sign.length + digits.length), sign, digits);
}

function readInteger(der: Uint8Array, at: number): { value: Uint8Array; end: number } | undefined {
  const length = der[at + 1];
  if (der[at] !== INTEGER || length === undefined || length === 0) return undefined;
  const digits = der.subarray(at + 2, at + 2 + length);
  if (digits.length !== length || length > SCALAR + 1) return undefined;
  const magnitude = length > SCALAR ? digits.subarray(1) : digits;
  const value = new Uint8Array(SCALAR);
  value.set(magnitude, SCALAR - magnitude.length);
  return { value, end: at + 2 + length };
}
