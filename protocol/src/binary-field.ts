/**
 * The field of 256 elements modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197 section 4): key shares are computed in it.
 *
 * No table and no branch depends on an operand, since the operands are key material.
 *
 * @module
 */

/** Product of two bytes. */
export function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = a;
  for (let bit = 0; bit < 8; bit++) {
    product ^= shifted & -((b >> bit) & 1);
    shifted = ((shifted << 1) ^ (0x11b & -(shifted >> 7))) & 0xff;
  }
  return product;
}

/** The byte whose product with `a` is 1; 0 for 0. */
export function invert(a: number): number {
  // a^254, since a^255 = 1.
  let result = 1;
  for (let bit = 7; bit >= 1; bit--) {
    result = multiply(multiply(result, result), a);
  }
  return multiply(result, result);
}
