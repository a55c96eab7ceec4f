/**
 * Proof of ownership: whoever skips an upload, because the bytes are there already, first shows that it has all of them
 * (constructions, section 6.6).
 *
 * ```text
 * y* = sum over all blocks of v_i * f_i(rho)    f_i(z) = sum over j of m_ij z^j
 * ```
 *
 * v_i and rho come from the provider's nonce, the claimer and the object, so that 32 bytes stand for every byte of it.
 * Valid tags of one's own prove less: an accomplice's 32 bytes a block suffice to make them.
 *
 * @module
 */
import { lengthPrefixed } from './bytes.ts';
import { coefficient } from './challenge.ts';
import { encodeScalar, ORDER, toScalar } from './scalar.ts';
import { byteStream, transcript } from './hash.ts';
import { newBlockSum } from './kernel.ts';

/** A claim over the blocks of one object, which pass once and in order. */
export interface OwnershipClaim {
  add(block: Uint8Array): void;
  /** y*, 32 bytes. */
  finish(): Uint8Array;
}

/**
 * (Owner, Provider) The owner makes a claim over its blocks, the provider over the stored ones; they must be equal.
 *
 * @param nonce - 32 bytes drawn by the provider for this claim.
 * @param claimerId - ownerId of the claimer, 32 bytes.
 * @param objectId - what is claimed: binary form of its CID.
 * @param sectors - of the longest block.
 */
export function newOwnershipClaim({
  nonce,
  claimerId,
  objectId,
  sectors,
}: {
  readonly nonce: Uint8Array;
  readonly claimerId: Uint8Array;
  readonly objectId: Uint8Array;
  readonly sectors: number;
}): OwnershipClaim {
  const fields = [nonce, claimerId, lengthPrefixed(objectId)];
  const take = byteStream(transcript('ownership', ...fields));
  const rho = toScalar(byteStream(transcript('ownership-rho', ...fields))(48));
  const blocks = newBlockSum(sectors);
  return {
    add: (block) => blocks.add(block, coefficient(take)),
    finish: () =>
      encodeScalar(blocks.sums().reduceRight((above, sum) => (sum + above * rho) % ORDER, 0n)),
  };
}
