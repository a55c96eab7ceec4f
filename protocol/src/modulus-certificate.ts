/**
 * Proof that x -> x^e is a permutation modulo N: without it a key server with e | p - 1 recognises the file behind a
 * blinded element, because the e-th residue character of x is that of the file (RFC 9474 section 7.3).
 *
 * Goldberg, Reyzin, Sagga, Baldimtsi, "Efficient Noninteractive Certification of RSA Moduli and Beyond" (ASIACRYPT 2019,
 * section 3): e-th roots of nine elements that nobody chose, and no prime factor up to e, show with an error below 2^-128
 * that every element has an e-th root.
 *
 * ```text
 * seed_i = T("modulus", LP(N), u32 e, u8 i)                     for i = 0 .. 8
 * rho_i  = (SHA-256(seed_i || u32 0) || SHA-256(seed_i || u32 1) || ...)[0 .. |N| + 16] mod N
 * root_i = rho_i^(1/e) mod N, as long as N
 * ```
 *
 * @module
 */
import { platform, type RsaPublic } from '#platform';
import { equalBytes, integer, lengthPrefixed, toInteger, u32be, u8 } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { byteStream, transcript } from './hash.ts';

const ROOT_COUNT = 9;
const MODULUS_BYTES = 384;
export const EXPONENT = 65_537;

/**
 * (Key server) The roots that certify its key.
 *
 * @param raw - the private operation x -> x^d mod N, without padding.
 */
export const certifyModulus = (
  key: RsaPublic,
  raw: (element: Uint8Array) => Uint8Array,
): Uint8Array[] => Array.from({ length: ROOT_COUNT }, (_, i) => raw(elementOf(key, i)));

/**
 * (Owner, Ledger) Verifies a key server's announced key; owner and chaincode each do it themselves.
 *
 * @param roots - nine, each as long as the modulus.
 * @throws `KEY_INVALID` unless N has 3072 bits and no factor up to e, e is 65537 and every root holds.
 */
export function verifyModulus(key: RsaPublic, roots: readonly Uint8Array[]): void {
  const { modulus, exponent } = key;
  const bits = toInteger(modulus).toString(2).length;
  if (modulus.length !== MODULUS_BYTES || bits !== 8 * MODULUS_BYTES || exponent !== EXPONENT) {
    throw new HoldfastError('KEY_INVALID', 'expected a modulus of 3072 bits and exponent 65537');
  }
  const factor = smallFactor(toInteger(modulus));
  if (factor !== undefined) {
    throw new HoldfastError('KEY_INVALID', `the modulus is divisible by ${factor}`);
  }
  if (roots.length !== ROOT_COUNT) {
    throw new HoldfastError('KEY_INVALID', `expected ${ROOT_COUNT} roots, got ${roots.length}`);
  }
  for (const [i, root] of roots.entries()) {
    if (!isRoot(key, root, elementOf(key, i))) {
      throw new HoldfastError('KEY_INVALID', `root ${i} does not hold`);
    }
  }
}

/** rho_i. */
function elementOf({ modulus, exponent }: RsaPublic, i: number): Uint8Array {
  const seed = transcript('modulus', lengthPrefixed(modulus), u32be(exponent), u8(i));
  const wide = toInteger(byteStream(seed)(modulus.length + 16));
  return integer(wide % toInteger(modulus), modulus.length);
}

function isRoot(key: RsaPublic, root: Uint8Array, element: Uint8Array): boolean {
  const isElement = root.length === key.modulus.length && toInteger(root) < toInteger(key.modulus);
  return isElement && equalBytes(platform.rsaPublic(key, root), element);
}

/** The least prime up to e that divides N, if there is one. */
function smallFactor(modulus: bigint): number | undefined {
  const composite = new Uint8Array(EXPONENT + 1);
  for (let prime = 2; prime <= EXPONENT; prime++) {
    if (composite[prime] === 1) continue;
    if (modulus % BigInt(prime) === 0n) return prime;
    for (let multiple = prime * prime; multiple <= EXPONENT; multiple += prime) {
      composite[multiple] = 1;
    }
  }
  return undefined;
}
