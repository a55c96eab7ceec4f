/**
 * What `files:register` checks of a first version before it becomes a record (constructions 3 and 4.1).
 *
 * @module
 */
import { acceptanceMessage, firstVersion, versionDigest } from '@holdfast/protocol/acceptance.js';
import { fromBase64url } from '@holdfast/protocol/bytes.js';
import { verifyOpening } from '@holdfast/protocol/chameleon.js';
import { atField } from '@holdfast/protocol/errors.js';
import { DST } from '@holdfast/protocol/labels.js';
import type { Account, TagKeyRecord } from '@holdfast/protocol/account-records.js';
import type { Config, ProviderOrganisation } from '@holdfast/protocol/consortium-records.js';
import type { FileRecord, FileVersion, ShareRecord } from '@holdfast/protocol/file-records.js';
import { checkShareRecord } from '@holdfast/protocol/share-record.js';
import { verifySignature } from '@holdfast/protocol/signature.js';
import { sectorsOf } from '@holdfast/protocol/tag.js';
import type { Parsed } from './call.ts';
import { checkNodes } from './nodes.ts';
import { holdsRole } from './permissions.ts';
import { expectField, must, short } from './refuse.ts';
import { FIRST_GENERATION } from './state-keys.ts';

type Registration = Parsed<'files:register'>;

/** What stands on the ledger about the parties of a registration. */
export interface Parties {
  readonly account: Account;
  readonly tagKey: TagKeyRecord;
  readonly provider: ProviderOrganisation;
  readonly config: Config;
  readonly channel: string;
}

const NOTHING = '0'.repeat(64);

/**
 * The record of a new file.
 *
 * @param fileId - computed from the owner's id and the nonce, hex.
 * @throws `INPUT_INVALID` naming the field, `NOT_ALLOWED`, `EPOCH_PASSED`, `KEY_INVALID`, `ACCEPTANCE_INVALID`.
 */
export function newFileRecord(args: Registration, fileId: string, parties: Parties): FileRecord {
  const { terms } = args;
  const version = firstVersion(args.version);
  checkParties(args, parties);
  checkSectors(version, parties.tagKey);
  checkTerms(args, parties);
  const { chameleonKey, ownerId } = parties.account;
  checkSignatures(args, versionDigest(fileId, version), parties);
  const { providerId, pricePerEpoch, bond, couponId, expiryEpoch, nodes } = terms;
  return {
    ...version,
    fileId,
    ownerId,
    providerId,
    tagKeyId: args.tagKeyId,
    chameleonKey,
    chameleonHash: args.chameleonHash,
    opening: args.opening,
    anchor: args.anchor,
    pricePerEpoch,
    bond,
    couponId,
    expiryEpoch,
    acceptance: args.acceptance,
    acceptedNodes: nodes,
    epochRegistered: args.epoch,
    epochAmended: args.epoch,
    custody: parties.account.custody,
    state: 'active',
  };
}

/** Constructions 13: who holds the owner's keys could forge every proof it would have to check. */
function checkParties(
  { tagKeyId }: Registration,
  { account, tagKey, provider, config }: Parties,
): void {
  const isOwn = tagKey.ownerId === account.ownerId;
  must(isOwn, 'NOT_ALLOWED', `tag key ${short(tagKeyId)} belongs to another owner`, '/tagKeyId');
  const serves = holdsRole(config, provider.mspId, 'provider');
  expectField(serves, '/terms/providerId', `${provider.mspId} is no provider`);
  must(
    account.custody !== provider.mspId || config.allowSelfAudit,
    'NOT_ALLOWED',
    `${provider.mspId} holds the owner's keys and cannot be audited with them`,
    '/terms/providerId',
  );
}

function checkSectors({ blockSize }: FileVersion, { sectorsMax }: TagKeyRecord): void {
  const sectors = sectorsOf(blockSize);
  const fits = sectors <= sectorsMax;
  expectField(fits, '/version/blockSize', `${sectors} sectors, the tag key has ${sectorsMax}`);
}

function checkTerms({ epoch, terms }: Registration, { provider, config }: Parties): void {
  checkNodes(terms.nodes, { provider, config, at: '/terms/nodes' });
  const { pricePerEpoch, bond, couponId } = terms;
  expectField(
    pricePerEpoch === '0',
    '/terms/pricePerEpoch',
    'prices come with payments: expected 0',
  );
  expectField(bond === '0', '/terms/bond', 'bonds come with payments: expected 0');
  expectField(
    couponId === NOTHING,
    '/terms/couponId',
    'coupons come with payments: expected zeros',
  );
  must(
    epoch <= terms.expiryEpoch,
    'ACCEPTANCE_INVALID',
    `the acceptance was void after epoch ${terms.expiryEpoch}`,
    '/terms/expiryEpoch',
  );
}

/**
 * The first generation of a file's key shares, sealed to the owner itself in the epoch named.
 *
 * @throws `INPUT_INVALID` naming the field.
 */
export function firstShares(
  { epoch, shares }: Pick<Registration, 'epoch' | 'shares'>,
  fileId: string,
  ownerId: string,
): ShareRecord {
  const record: ShareRecord = {
    ...shares,
    fileId,
    generation: FIRST_GENERATION,
    purpose: 'self',
    sealedAtEpoch: epoch,
    recipientId: ownerId,
  };
  checkShareRecord(record, fileId);
  return record;
}

function checkSignatures(
  args: Registration,
  digest: Uint8Array,
  { account, provider, channel }: Parties,
): void {
  const { chameleonHash, opening, tagKeyId, anchor, terms } = args;
  const leaf = { chameleonKey: account.chameleonKey, chameleonHash, opening };
  const opens = verifyOpening(leaf, digest);
  must(opens, 'KEY_INVALID', 'the chameleon hash does not open to this version', '/opening');
  const { ownerId } = account;
  const bound = { channel, versionDigest: digest, ownerId, tagKeyId, anchor, terms };
  const message = acceptanceMessage(bound);
  const key = fromBase64url(provider.acceptanceKey);
  const isAccepted = atField('/acceptance', () =>
    verifySignature(key, message, fromBase64url(args.acceptance), DST.acceptance),
  );
  const refusal = `${provider.mspId} has not signed this version`;
  must(isAccepted, 'ACCEPTANCE_INVALID', refusal, '/acceptance');
}
