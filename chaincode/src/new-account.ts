/**
 * What an owner opens an account with: a certificate, keys, and proofs that it holds them (constructions 1.1).
 *
 * @module
 */
import { fromBase64url, hex } from '@holdfast/protocol/bytes.js';
import { decodeG1 } from '@holdfast/protocol/curve.js';
import { atField } from '@holdfast/protocol/errors.js';
import { ownerId } from '@holdfast/protocol/ids.js';
import type { Account, TagKeyRecord } from '@holdfast/protocol/account-records.js';
import { tagKeyId, verifyTagKey } from '@holdfast/protocol/tag-key.js';
import type { Call, Parsed } from './call.ts';
import { holdsRole } from './permissions.ts';
import { expectField } from './refuse.ts';

type Opening = Parsed<'accounts:open'>;

/**
 * The records of a new account.
 *
 * @throws `INPUT_INVALID` where it would be kept by anybody but its owner or the agent of the owner's organisation.
 */
export function newAccount(
  { hpkeKey, chameleonKey, tagKey, custody }: Opening,
  { caller, config }: Pick<Call<'accounts:open'>, 'caller' | 'config'>,
): { readonly account: Account; readonly tagKey: TagKeyRecord } {
  const { mspId, certificate } = caller;
  const isCustodian = custody === mspId && holdsRole(config, mspId, 'agent');
  expectField(custody === 'owner' || isCustodian, '/custody', 'expected owner, or your agent');
  const id = ownerId(mspId, certificate.spki);
  const names = {
    ownerId: hex(id),
    tagKeyId: hex(tagKeyId(id, fromBase64url(tagKey.x), fromBase64url(tagKey.xAlpha))),
  };
  const { x, xAlpha, tableDigest, sectorsMax } = tagKey;
  const custodian = custody === 'owner' ? null : custody;
  return {
    account: {
      ...names,
      mspId,
      certificate: certificate.pem,
      hpkeKey,
      chameleonKey,
      custody,
      state: 'open',
    },
    tagKey: { ...names, x, xAlpha, tableDigest, sectorsMax, custodian },
  };
}

/** @throws `KEY_INVALID`, `INPUT_INVALID` naming the field. */
export function checkKeys(
  { chameleonKey, tagKey }: Opening,
  { channel, ownerId: owner }: { readonly channel: string; readonly ownerId: string },
): void {
  atField('/chameleonKey', () => decodeG1(fromBase64url(chameleonKey)));
  verifyTagKey({ channel, ownerId: owner, tagKey });
}
