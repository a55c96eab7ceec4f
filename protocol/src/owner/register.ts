/**
 * The transaction that makes a stored file a registered one: record, shares of its keys and chameleon leaf in one.
 *
 * @module
 */
import { versionDigest } from '../acceptance.ts';
import { base64url, fromHex } from '../bytes.ts';
import { newLeaf } from '../chameleon.ts';
import { HoldfastError } from '../errors.ts';
import type { FileKeys } from '../key-shares.ts';
import type { Args } from '../ledger-transactions.ts';
import type { AcceptanceAnswer } from '../upload-messages.ts';
import { sealShares } from '../share-record.ts';
import type { Accepted } from './acceptance-check.ts';
import type { ActingOwner, Committed } from './acting-owner.ts';
import { readEpoch } from './parties.ts';

/** (n, k, r): five shares, any three give the keys, two tell nothing. */
const SHARING = { shareCount: 5, threshold: 3, privacy: 2 } as const;

/** All that a file's registration says. */
export interface Registration extends Accepted {
  readonly answer: AcceptanceAnswer;
  readonly keys: FileKeys;
  readonly fileNonce: Uint8Array;
}

/**
 * (Owner) Registers a file, once however often it is called.
 *
 * @returns also the epoch that was named.
 * @throws `EPOCH_PASSED` where the provider's terms have expired.
 */
export async function registerFile(
  owner: ActingOwner,
  registration: Registration,
  lane: number,
): Promise<Committed<'files:register'> & { readonly epoch: number }> {
  let epoch = 0;
  const committed = await owner.ledger.submit(
    'files:register',
    async () => {
      epoch = await readEpoch(owner.ledger);
      return argumentsOf(owner, registration, { epoch, lane });
    },
    ({ fileId, version }) => fileId === registration.fileId && version === 1,
  );
  return { ...committed, epoch };
}

async function argumentsOf(
  { ownerId, secrets, random }: ActingOwner,
  { fileId, tagKeyId, version, terms, answer, keys, fileNonce }: Registration,
  { epoch, lane }: { readonly epoch: number; readonly lane: number },
): Promise<Args<'files:register'>> {
  if (epoch > terms.expiryEpoch) {
    throw new HoldfastError(
      'ACCEPTANCE_INVALID',
      `the terms expired in epoch ${terms.expiryEpoch}, it is ${epoch}`,
    );
  }
  const leaf = newLeaf(secrets.chameleonKey, versionDigest(fileId, version), random);
  const { root, blockCount, blockSize, base } = version;
  const { shareCount, threshold, privacy, entries } = await sealShares(
    keys,
    { ...SHARING, ownerId, fileId: fromHex(fileId), generation: 1, purpose: 'self' },
    {
      recipients: [{ recipientId: ownerId, hpkeKey: secrets.hpke.publicKey }],
      sealedAtEpoch: epoch,
    },
    random,
  );
  return {
    epoch,
    nonce: base64url(fileNonce),
    tagKeyId,
    version: { root, blockCount, blockSize, nonce: base.nonce, taggedAt: base.taggedAt },
    terms,
    anchor: answer.anchor,
    acceptance: answer.acceptance,
    chameleonHash: leaf.chameleonHash,
    opening: leaf.opening,
    shares: { shareCount, threshold, privacy, entries },
    lane,
  };
}
