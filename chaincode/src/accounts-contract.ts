import { hex } from '@holdfast/protocol/bytes.js';
import { organisationAccountId } from '@holdfast/protocol/ids.js';
import { checkAnnouncement } from './announcement.ts';
import { answer, begin, callersPurse, commit } from './call.ts';
import { configure } from './configure.ts';
import { HoldfastContract } from './contract.ts';
import { Context, Info, Returns, Transaction } from './fabric.ts';
import { checkAmounts, creditId, deposit, EMPTY_PURSE, withdraw } from './money.ts';
import { checkKeys, newAccount } from './new-account.ts';
import { expectField, must, short } from './refuse.ts';
import { KEYS, LISTS } from './state-keys.ts';
import type { State } from './state.ts';

const LANES = Array.from({ length: 16 }, (_, lane) => lane);

/** The rules of the consortium, who its parties are, and their purses. */
@Info({ title: 'accounts', description: 'Configuration, organisations, owners and their purses.' })
export class AccountsContract extends HoldfastContract {
  constructor() {
    super('accounts');
  }

  /** (Ledger) Is born with the first configuration; a later one takes a majority of organisations. */
  @Transaction()
  @Returns('string')
  async configure(ctx: Context, args: string): Promise<string> {
    return configure(ctx, args);
  }

  /** (Ledger) Takes what a role says of itself, with the proofs that it holds its keys. */
  @Transaction()
  @Returns('string')
  async announce(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'accounts:announce', args);
    const { state, caller, channel } = call;
    const { announcement } = call.args;
    const { role } = announcement;
    const { mspId } = caller;
    must(role === caller.role, 'NOT_ALLOWED', `a ${caller.role} announces itself, not a ${role}`);
    const key = KEYS.organisation(mspId, role);
    // Constructions 5.3: a delegate that may change its key chooses among beacons.
    if (role === 'delegate') await state.refuse(key, `${mspId} has announced its beacon key`);
    checkAnnouncement(announcement, { mspId, channel });
    await state.put(key, { ...announcement, mspId });
    return commit(ctx, 'accounts:announce', ['Announced', { mspId, role }], { mspId, role });
  }

  /** (Ledger) Opens the account of the caller's key, with its first tag key (constructions 1.1). */
  @Transaction()
  @Returns('string')
  async open(ctx: Context, args: string): Promise<string> {
    const { args: opening, state, ...context } = await begin(ctx, 'accounts:open', args);
    const { account, tagKey } = newAccount(opening, context);
    const { ownerId, mspId, tagKeyId } = account;
    const { signer } = context.caller;
    await state.refuse(KEYS.signer(signer), 'this key has opened an account');
    await state.refuse(KEYS.account(ownerId), 'this account is open');
    await state.refuse(KEYS.tagKey(tagKeyId), 'this tag key is registered');
    checkKeys(opening, { channel: context.channel, ownerId });
    await state.put(KEYS.signer(signer), { ownerId });
    await state.put(KEYS.account(ownerId), account);
    await state.put(KEYS.tagKey(tagKeyId), tagKey);
    const event = ['AccountOpened', { ownerId, mspId }] as const;
    return commit(ctx, 'accounts:open', event, { ownerId, tagKeyId });
  }

  /** (Ledger) Turns part of a lane into credit notes of another account. */
  @Transaction()
  @Returns('string')
  async transfer(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'accounts:transfer', args);
    const { state, transactionId } = call;
    const { to, amounts, lane } = call.args;
    checkAmounts(amounts);
    const from = await callersPurse(call);
    const purse = (await state.get(KEYS.purse(from, lane))) ?? EMPTY_PURSE;
    await state.put(KEYS.purse(from, lane), withdraw(purse, amounts));
    const credits = await writeCredits(state, { to, amounts, transactionId });
    return commit(ctx, 'accounts:transfer', ['Transferred', { from, to, credits }], { credits });
  }

  /** (Ledger) Moves credit notes and the balance of other lanes of one purse into one lane. */
  @Transaction()
  @Returns('string')
  async collect(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'accounts:collect', args);
    const { state } = call;
    const { lane, credits, sources } = call.args;
    const lanes = new Set([lane, ...sources]);
    expectField(lanes.size === 1 + sources.length, '/sources', 'expected other lanes, each once');
    expectField(new Set(credits).size === credits.length, '/credits', 'expected each note once');
    expectField(credits.length + sources.length > 0, '/credits', 'expected something to collect');
    const owner = await callersPurse(call);
    const amounts: string[] = [];
    for (const credit of credits) {
      const key = KEYS.credit(owner, credit);
      amounts.push((await state.find(key, `credit note ${short(credit)}`)).amount);
      await state.remove(key);
    }
    for (const source of sources) {
      const key = KEYS.purse(owner, source);
      const purse = await state.find(key, `lane ${source}`);
      amounts.push(purse.balance);
      await state.put(key, { ...purse, balance: '0' });
    }
    const held = (await state.get(KEYS.purse(owner, lane))) ?? EMPTY_PURSE;
    const purse = deposit(held, amounts);
    await state.put(KEYS.purse(owner, lane), purse);
    const result = { lane, balance: purse.balance };
    return commit(ctx, 'accounts:collect', ['Collected', { ownerId: owner, lane }], result);
  }

  /** (Ledger) Mints credit notes of an organisation's account: the only way in which money comes to be. */
  @Transaction()
  @Returns('string')
  async grantBudget(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'accounts:grantBudget', args);
    const { state, config, transactionId } = call;
    const { mspId, amounts } = call.args;
    checkAmounts(amounts);
    const isMember = config.organisations.some((organisation) => organisation.mspId === mspId);
    must(isMember, 'NOT_FOUND', `no organisation ${mspId}`, '/mspId');
    const accountId = hex(organisationAccountId(mspId));
    const credits = await writeCredits(state, { to: accountId, amounts, transactionId });
    const result = { accountId, credits };
    return commit(ctx, 'accounts:grantBudget', ['BudgetGranted', result], result);
  }

  @Transaction(false)
  @Returns('string')
  async config(ctx: Context, args: string): Promise<string> {
    return answer('accounts:config', (await begin(ctx, 'accounts:config', args)).config);
  }

  @Transaction(false)
  @Returns('string')
  async get(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'accounts:get', args);
    const { state } = call;
    const { ownerId: id } = call.args;
    return answer('accounts:get', await state.find(KEYS.account(id), `account ${short(id)}`));
  }

  @Transaction(false)
  @Returns('string')
  async bySigner(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'accounts:bySigner', args);
    const { state } = call;
    const { signer } = call.args;
    const { ownerId: id } = await state.find(
      KEYS.signer(signer),
      `account of key ${short(signer)}`,
    );
    return answer('accounts:bySigner', await state.find(KEYS.account(id), `account ${short(id)}`));
  }

  @Transaction(false)
  @Returns('string')
  async tagKey(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'accounts:tagKey', args);
    const { state } = call;
    const { tagKeyId: id } = call.args;
    return answer('accounts:tagKey', await state.find(KEYS.tagKey(id), `tag key ${short(id)}`));
  }

  @Transaction(false)
  @Returns('string')
  async purse(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'accounts:purse', args);
    const { state } = call;
    const { ownerId: id, cursor, limit } = call.args;
    const lanes = [];
    for (const lane of LANES) {
      const purse = await state.get(KEYS.purse(id, lane));
      if (purse !== undefined) lanes.push({ lane, ...purse });
    }
    const { items, next } = await state.page(LISTS.credits(id), { cursor, limit });
    const credits = items.map(({ parts, record }) => ({ creditId: parts.join(), ...record }));
    return answer('accounts:purse', { lanes, credits: { items: credits, next } });
  }

  @Transaction(false)
  @Returns('string')
  async organisation(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'accounts:organisation', args);
    const { state } = call;
    const { mspId, role } = call.args;
    const record = await state.find(KEYS.organisation(mspId, role), `${role} of ${mspId}`);
    return answer('accounts:organisation', record);
  }

  @Transaction(false)
  @Returns('string')
  async organisations(ctx: Context, args: string): Promise<string> {
    const { state } = await begin(ctx, 'accounts:organisations', args);
    const { items } = await state.page(LISTS.organisations(), {});
    return answer('accounts:organisations', { items: items.map(({ record }) => record) });
  }
}

async function writeCredits(
  state: State,
  { to, amounts, transactionId }: { to: string; amounts: readonly string[]; transactionId: string },
): Promise<readonly string[]> {
  const credits: string[] = [];
  for (const [i, amount] of amounts.entries()) {
    const id = creditId(transactionId, i);
    await state.put(KEYS.credit(to, id), { amount });
    credits.push(id);
  }
  return credits;
}
