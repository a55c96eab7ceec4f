/**
 * Opening an owner's account: keys with proofs of possession on the ledger, credits into lanes, U at the provider.
 *
 * Each step finds what an earlier try has done, so that an interrupted `init` is finished by the next one.
 *
 * @module
 */
import { base64url, hex } from '../bytes.ts';
import { HoldfastError } from '../errors.ts';
import type { Account } from '../account-records.ts';
import { inline } from '../pool.ts';
import { newTagKeyRecord, tableMaking } from '../tag-key.ts';
import { sectorsOf } from '../tag.ts';
import type { ActingOwner } from './acting-owner.ts';
import { LANES } from './lanes.ts';

/** The largest block there is: U has a point for each of its 8,457 sectors. */
const LONGEST_BLOCK = 262_144;
/** Steps of {@link openAccount}. */
export const OPENING_STEPS = 3;

/**
 * (Owner) Opens the account, or finishes opening it.
 *
 * @param bring - takes U to the provider, which checks it.
 * @param done - called with the number of steps that are done, before the first and after each.
 * @param longestBlock - bytes; no file of this account can have longer ones.
 */
export async function openAccount(
  owner: ActingOwner,
  bring: (tagKeyId: string, table: Uint8Array) => Promise<void>,
  done: (steps: number) => void,
  longestBlock = LONGEST_BLOCK,
): Promise<Account> {
  done(0);
  const { pool = inline, secrets } = owner;
  const { alpha } = secrets.tagKey;
  const table = await pool.run(tableMaking, { alpha, sectors: sectorsOf(longestBlock) });
  done(1);
  const account = (await findAccount(owner)) ?? (await openOnLedger(owner, table));
  await collectCredits(owner);
  done(2);
  await bring(account.tagKeyId, table);
  done(OPENING_STEPS);
  return account;
}

/**
 * (Owner) The account on the ledger, where there is one.
 *
 * @throws `ANSWER_FALSE` where it holds other keys than this seed gives.
 */
export async function findAccount(owner: ActingOwner): Promise<Account | undefined> {
  const { secrets, ledger } = owner;
  const ownerId = hex(owner.ownerId);
  try {
    return await ledger.read(
      'accounts:get',
      { ownerId },
      (account) =>
        account.ownerId === ownerId &&
        account.hpkeKey === base64url(secrets.hpke.publicKey) &&
        account.chameleonKey === base64url(secrets.chameleonKey) &&
        account.tagKeyId === owner.tagKeyId,
    );
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

async function openOnLedger(owner: ActingOwner, table: Uint8Array): Promise<Account> {
  const { secrets, ledger, channel, custody } = owner;
  const ownerId = hex(owner.ownerId);
  const { tagKey, tagKeyId } = newTagKeyRecord(secrets.tagKey, table, { channel, ownerId });
  await ledger.submit(
    'accounts:open',
    async () => ({
      hpkeKey: base64url(secrets.hpke.publicKey),
      chameleonKey: base64url(secrets.chameleonKey),
      tagKey,
      custody,
    }),
    (opened) => opened.ownerId === ownerId && opened.tagKeyId === tagKeyId,
  );
  const account = await findAccount(owner);
  if (account === undefined) {
    throw new HoldfastError('ANSWER_FALSE', 'the account was committed and is not on the ledger');
  }
  return account;
}

/** Moves each credit note into a lane of its own, in turn. */
async function collectCredits({ ledger, ownerId }: ActingOwner): Promise<void> {
  const { credits } = await ledger.read('accounts:purse', { ownerId: hex(ownerId) });
  for (const [i, { creditId }] of credits.items.entries()) {
    const lane = i % LANES;
    await ledger.submit(
      'accounts:collect',
      async () => ({ lane, credits: [creditId], sources: [] }),
      (collected) => collected.lane === lane,
    );
  }
}

/** (Owner) Tokens in lanes and notes together, a decimal string. */
export async function readBalance({ ledger, ownerId }: ActingOwner): Promise<string> {
  const { lanes, credits } = await ledger.read('accounts:purse', { ownerId: hex(ownerId) });
  const amounts = [
    ...lanes.map(({ balance }) => balance),
    ...credits.items.map(({ amount }) => amount),
  ];
  return amounts.reduce((sum, amount) => sum + BigInt(amount), 0n).toString();
}
