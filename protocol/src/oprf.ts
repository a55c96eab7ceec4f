/**
 * The oblivious pseudorandom function of paper 000, section 4.2 (h, r, x, y, z), as the blind RSA signature
 * RSABSSA-SHA384-PSSZERO-Deterministic of RFC 9474: the key server learns nothing of the file, the owner learns one
 * signature, and guessing a predictable file costs one counted query a guess.
 *
 * Deviation: in paper 000 the agent draws and records the blinding factor r, so the agent, or whoever reads its records,
 * computes every key; here the owner draws r. The paper hashes with a plain H; RFC 9474 encodes with EMSA-PSS.
 *
 * RFC 9474 section 7.3 asks for an input of high entropy in this suite, since a key whose exponent divides p - 1 lets its
 * holder recognise inputs. A file may have no entropy: hence the certificate in `modulus-certificate.ts`.
 *
 * @module
 */
import { platform, type Random, type RsaPublic } from '#platform';
import { concat, equalBytes, integer, lengthPrefixed, toInteger, u32be, xor } from './bytes.ts';
import { HoldfastError } from './errors.ts';
import { label } from './labels.ts';

/** The public key of one key server. */
export interface KeyServerKey extends RsaPublic {
  readonly mspId: string;
}

/** What the owner keeps between {@link blind} and {@link finalize}; it is as secret as the output. */
export interface Blinding {
  /** What the key server sees: as long as the modulus. */
  readonly blinded: Uint8Array;
  /** r^-1 mod N. */
  readonly inverse: bigint;
  /** The encoded input, which the output is a signature of. */
  readonly encoded: Uint8Array;
}

/** (Owner) What is evaluated for a file or an extent: `LP("holdfast/v1/oprf") || tau`. */
export const oprfInput = (tau: Uint8Array): Uint8Array =>
  concat(lengthPrefixed(label('oprf')), tau);

/**
 * (Owner) Blinds one input: x = m r^e (RFC 9474 section 4.2).
 *
 * @throws `KEY_INVALID` where the modulus shares a factor with the input or the blinding factor.
 */
export function blind(input: Uint8Array, key: KeyServerKey, random: Random): Blinding {
  const drawn = draw(input, key, random);
  return complete(drawn, invert(drawn.product, drawn.modulus), key);
}

/** (Owner) As {@link blind} for each input, at the cost of one inversion (Montgomery's trick). */
export function blindAll(
  inputs: readonly Uint8Array[],
  key: KeyServerKey,
  random: Random,
): Blinding[] {
  const modulus = toInteger(key.modulus);
  let product = 1n;
  const chain = inputs.map((input) => {
    const drawn = draw(input, key, random);
    const before = product;
    product = (product * drawn.product) % modulus;
    return { drawn, before };
  });
  let rest = invert(product, modulus);
  const completed = chain.toReversed().map(({ drawn, before }) => {
    const inverse = (rest * before) % modulus;
    rest = (rest * drawn.product) % modulus;
    return complete(drawn, inverse, key);
  });
  return completed.toReversed();
}

interface Drawn {
  readonly modulus: bigint;
  /** EMSA-PSS of the input, and m. */
  readonly encoded: Uint8Array;
  readonly message: bigint;
  /** r. */
  readonly blindingFactor: bigint;
  /** m r: a unit only if both are. */
  readonly product: bigint;
}

function draw(input: Uint8Array, key: KeyServerKey, random: Random): Drawn {
  const modulus = toInteger(key.modulus);
  const encoded = encode(input, modulus.toString(2).length - 1, key.modulus.length);
  // 128 bits more than the modulus: the remainder is uniform up to 2^-128.
  const blindingFactor = toInteger(random(key.modulus.length + 16)) % modulus;
  const message = toInteger(encoded);
  const product = (message * blindingFactor) % modulus;
  return { modulus, encoded, message, blindingFactor, product };
}

/** @param inverse - (m r)^-1. */
function complete(drawn: Drawn, inverse: bigint, key: KeyServerKey): Blinding {
  const { modulus, encoded, message, blindingFactor } = drawn;
  const length = key.modulus.length;
  const power = toInteger(platform.rsaPublic(key, integer(blindingFactor, length)));
  const blinded = integer((message * power) % modulus, length);
  return { blinded, inverse: (inverse * message) % modulus, encoded };
}

/**
 * (Owner) Unblinds an answer and checks it: z = y r^-1, z^e = m (RFC 9474 section 4.4).
 *
 * @returns z, as long as the modulus.
 * @throws `ANSWER_FALSE` naming the key server where the answer is not the evaluation of the input.
 */
export function finalize(blinding: Blinding, evaluated: Uint8Array, key: KeyServerKey): Uint8Array {
  const modulus = toInteger(key.modulus);
  const length = key.modulus.length;
  const output = integer((toInteger(evaluated) * blinding.inverse) % modulus, length);
  if (
    evaluated.length !== length ||
    !equalBytes(platform.rsaPublic(key, output), blinding.encoded)
  ) {
    throw new HoldfastError('ANSWER_FALSE', `key server ${key.mspId} answered a false evaluation`);
  }
  return output;
}

const HASH_BYTES = 48;

/** EMSA-PSS-ENCODE of RFC 8017 section 9.1.1 with SHA-384, MGF1 with SHA-384 and no salt; `length` bytes. */
function encode(message: Uint8Array, bits: number, length: number): Uint8Array {
  const encodedLength = Math.ceil(bits / 8);
  const hash = platform.sha384(new Uint8Array(8), platform.sha384(message));
  const database = concat(new Uint8Array(encodedLength - HASH_BYTES - 2), Uint8Array.of(1));
  const masked = xor(database, maskGeneration(hash, database.length));
  const topBits = 0xff >> (8 * encodedLength - bits);
  const encoded = concat(
    masked.map((byte, i) => (i === 0 ? byte & topBits : byte)),
    hash,
    Uint8Array.of(0xbc),
  );
  return concat(new Uint8Array(length - encodedLength), encoded);
}

/** MGF1 of RFC 8017 appendix B.2.1 with SHA-384. */
function maskGeneration(seed: Uint8Array, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / HASH_BYTES) }, (_, counter) =>
    platform.sha384(seed, u32be(counter)),
  );
  return concat(...blocks).slice(0, length);
}

/** Extended Euclid. */
function invert(value: bigint, modulus: bigint): bigint {
  let [previous, current] = [value, modulus];
  let [factor, nextFactor] = [1n, 0n];
  while (current !== 0n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  if (previous !== 1n) {
    throw new HoldfastError('KEY_INVALID', 'the modulus of a key server has a small factor');
  }
  return factor < 0n ? factor + modulus : factor;
}
