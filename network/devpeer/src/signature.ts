/**
 * ECDSA over P-256 with SHA-256 as Fabric wants it: DER, with S in the lower half of the group order.
 *
 * A peer answers "access denied" to a signature whose S is high, because its twin would be a second valid signature of
 * the same message.
 *
 * @module
 */
import { createPrivateKey, type KeyObject, sign, verify } from 'node:crypto';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const INTEGER = 0x02;
const SEQUENCE = 0x30;

export type Signer = (message: Uint8Array) => Uint8Array;

/** Signs with OpenSSL; for the gateway SDK combine it with `hash: hash.none`. */
export function newSigner(privateKey: KeyObject | string): Signer {
  const key = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey;
  return (message) => toLowS(sign('sha256', message, key));
}

export function isSignatureValid(
  publicKey: KeyObject,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return isLowS(signature) && verify('sha256', message, publicKey, signature);
}

export function isLowS(der: Uint8Array): boolean {
  const parsed = parse(der);
  return parsed !== undefined && parsed.s > 0n && parsed.s <= ORDER / 2n;
}

export function toLowS(der: Uint8Array): Uint8Array {
  const parsed = parse(der);
  if (parsed === undefined) throw new Error('expected an ECDSA signature in DER');
  if (parsed.s <= ORDER / 2n) return der;
  const body = Buffer.concat([integer(parsed.r), integer(ORDER - parsed.s)]);
  return Buffer.concat([Buffer.of(SEQUENCE, body.length), body]);
}

/** Both numbers of a P-256 signature; its lengths always fit one byte. */
function parse(der: Uint8Array): { r: bigint; s: bigint } | undefined {
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) return undefined;
  const r = readInteger(der, 2);
  if (r === undefined) return undefined;
  const s = readInteger(der, r.next);
  return s?.next === der.length ? { r: r.value, s: s.value } : undefined;
}

function readInteger(der: Uint8Array, at: number): { value: bigint; next: number } | undefined {
  const length = der[at + 1] ?? 0;
  const next = at + 2 + length;
  if (der[at] !== INTEGER || length === 0 || next > der.length) return undefined;
  const hex = Buffer.from(der.subarray(at + 2, next)).toString('hex');
  return { value: BigInt(`0x${hex}`), next };
}

function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const padding = (bytes[0] ?? 0) >= 0x80 ? Buffer.of(0) : Buffer.alloc(0);
  return Buffer.concat([Buffer.of(INTEGER, padding.length + bytes.length), padding, bytes]);
}
