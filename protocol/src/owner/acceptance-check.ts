/**
 * What the provider signed, recomputed by the owner before it is registered: without a true acceptance there is no claim.
 *
 * @module
 */
import { acceptanceMessage, firstVersion as firstVersionOf, versionDigest } from '../acceptance.ts';
import { base64url, fromBase64url, hex } from '../bytes.ts';
import { HoldfastError } from '../errors.ts';
import { fileRoot, leafHash, treeHash } from '../file-root.ts';
import type { StoredBlock } from '../file-cid.ts';
import { anchor as anchorOf } from '../ids.ts';
import { DST } from '../labels.ts';
import type { Config, ProviderOrganisation } from '../consortium-records.ts';
import type { FileVersion, Terms } from '../file-records.ts';
import type { AcceptanceAnswer } from '../upload-messages.ts';
import type { SealedFile } from '../pipeline.ts';
import { verifySignature } from '../signature.ts';

/** (Owner) The root of a file that was never edited: block i has uid i. */
export const rootOf = (salt: Uint8Array, blocks: readonly StoredBlock[]): string =>
  hex(
    fileRoot(
      salt,
      blocks.length,
      treeHash(blocks.map(({ length, digest }, uid) => leafHash(uid, length, digest))),
    ),
  );

/** (Owner) Version 1 of a sealed file. */
export function firstVersion(sealed: SealedFile, salt: Uint8Array, taggedAt: number): FileVersion {
  const { blockCount, blockSize, nonce } = sealed;
  return firstVersionOf({
    root: rootOf(salt, sealed.blocks),
    blockCount,
    blockSize: blockSize === 65_536 ? 65_536 : 262_144,
    nonce: base64url(nonce),
    taggedAt,
  });
}

/**
 * (Owner) Refuses terms that are not what the provider announced or the configuration asks for.
 *
 * @throws `ACCEPTANCE_INVALID`
 */
export function checkTerms(terms: Terms, provider: ProviderOrganisation, config: Config): void {
  const holds =
    terms.providerId === provider.mspId &&
    terms.pricePerEpoch === provider.pricePerEpoch &&
    terms.bond === provider.bond &&
    new Set(terms.nodes).size === terms.nodes.length &&
    terms.nodes.length >= config.minimumReplicas &&
    terms.nodes.every((node) => provider.nodes.includes(node));
  if (!holds) {
    throw new HoldfastError(
      'ACCEPTANCE_INVALID',
      `the terms are not those that ${provider.mspId} announced`,
    );
  }
}

export interface Accepted {
  readonly channel: string;
  readonly fileId: string;
  readonly ownerId: string;
  readonly tagKeyId: string;
  readonly salt: Uint8Array;
  readonly version: FileVersion;
  readonly terms: Terms;
}

/**
 * (Owner) Recomputes CID, anchor and the signed message, and verifies the provider's signature.
 *
 * @param provider - as announced, read attested.
 * @throws `ACCEPTANCE_INVALID` naming what differs.
 */
export function checkAcceptance(
  answer: AcceptanceAnswer,
  accepted: Accepted,
  sealed: SealedFile,
  provider: ProviderOrganisation,
): void {
  const { channel, fileId, ownerId, tagKeyId, salt, version, terms } = accepted;
  const anchor = hex(anchorOf(salt, sealed.cid.bytes));
  must(answer.cid === sealed.cid.toString(), 'the provider stored other bytes');
  must(answer.anchor === anchor, 'the provider computed another anchor');
  must(
    answer.nodes.every((node) => terms.nodes.includes(node)),
    'a node holds the file that is not among the terms',
  );
  const message = acceptanceMessage({
    channel,
    versionDigest: versionDigest(fileId, version),
    ownerId,
    tagKeyId,
    anchor,
    terms,
  });
  const signature = fromBase64url(answer.acceptance, 48);
  const key = fromBase64url(provider.acceptanceKey, 96);
  must(
    verifySignature(key, message, signature, DST.acceptance),
    `the signature of ${provider.mspId} does not hold`,
  );
}

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new HoldfastError('ACCEPTANCE_INVALID', otherwise);
}
