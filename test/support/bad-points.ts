/** Encodings of 48 bytes that are no point of G1 other than the identity. */
import { add1, decodeG1, encodeG1 } from '@holdfast/protocol/curve.js';
import { integer } from '@holdfast/protocol/bytes.js';
import { cofactorPoint } from './cofactor-point.ts';

export interface BadPoints {
  readonly infinity: Uint8Array;
  readonly offCurve: Uint8Array;
  /** Of the curve, not of the subgroup. */
  readonly outside: Uint8Array;
}

export const badPoints = (): BadPoints => ({
  infinity: withFlags(0n, 0xc0),
  offCurve: offCurve(),
  outside: encodeG1(cofactorPoint()),
});

/** A good point with a cofactor component added: it passes every pairing that does not check orders. */
export const shifted = (point: Uint8Array): Uint8Array =>
  encodeG1(add1(decodeG1(point), cofactorPoint()));

function withFlags(x: bigint, flags: number): Uint8Array {
  const bytes = integer(x, 48);
  bytes[0] = flags;
  return bytes;
}

function offCurve(): Uint8Array {
  for (let x = 1n; ; x++) {
    const bytes = withFlags(x, 0x80);
    try {
      decodeG1(bytes, { anyOrder: true });
    } catch {
      return bytes;
    }
  }
}
