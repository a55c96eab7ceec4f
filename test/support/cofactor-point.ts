/** Points of the curve outside G1, for attacks on decoders that do not check orders. */
import { bls12_381 } from '@noble/curves/bls12-381';
import { integer } from '@holdfast/protocol/bytes.js';
import { decodeG1, multiScalar, type G1 } from '@holdfast/protocol/curve.js';
import { ORDER } from '@holdfast/protocol/scalar.js';

const { Fp } = bls12_381.fields;

/** A point whose order divides the cofactor h: r times the first point of the curve with x >= 5. */
export function cofactorPoint(): G1 {
  for (let x = 5n; ; x++) {
    if (!hasRoot(x ** 3n + 4n)) continue;
    const bytes = integer(x, 48);
    bytes[0] = 0x80;
    return multiScalar([decodeG1(bytes, { anyOrder: true })], [ORDER]);
  }
}

const hasRoot = (value: bigint): boolean => Fp.eql(Fp.pow(value, (Fp.ORDER - 1n) / 2n), Fp.ONE);
