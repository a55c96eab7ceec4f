/**
 * How the ledger is born, and how its rules change (the specification's ledger chapter, "How the ledger is born").
 *
 * @module
 */
import { hex } from '@holdfast/protocol/bytes.js';
import { configDigest, genesisBeacon } from '@holdfast/protocol/beacon.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { commit, parseArguments } from './call.ts';
import { callerOf } from './caller.ts';
import { checkConfig, isAgreed } from './configuration.ts';
import { Context } from './fabric.ts';
import { authorise } from './permissions.ts';
import { KEYS } from './state-keys.ts';
import { openState, type State } from './state.ts';

export async function configure(ctx: Context, text: string): Promise<string> {
  const { config } = parseArguments('accounts:configure', text);
  const state = openState(ctx.stub);
  const caller = callerOf(ctx);
  const present = await state.get(KEYS.config());
  // Nobody has granted a role yet: the first configuration must itself let its sender be an operator.
  authorise('accounts:configure', present ?? config, caller);
  checkConfig(config, present);
  const { version } = config;
  if (present === undefined) {
    await bear(state, config, ctx.stub.getChannelID());
    return commit(ctx, 'accounts:configure', ['Configured', { version }], { version });
  }
  await checkNewDelegates(state, config, present);
  const vote = { version, mspId: caller.mspId, digest: hex(configDigest(config)) };
  const votes: (string | undefined)[] = [];
  for (const { mspId } of present.organisations) {
    const earlier = await state.get(KEYS.configVote(version, mspId));
    votes.push(mspId === caller.mspId ? vote.digest : earlier?.digest);
  }
  await state.put(KEYS.configVote(version, caller.mspId), { digest: vote.digest });
  if (!isAgreed(votes, vote.digest)) {
    const result = { version: present.version };
    return commit(ctx, 'accounts:configure', ['ConfigurationVoted', vote], result);
  }
  await state.put(KEYS.config(), config);
  return commit(ctx, 'accounts:configure', ['Configured', { version }], { version });
}

async function bear(state: State, config: Config, channel: string): Promise<void> {
  await state.put(KEYS.config(), config);
  await state.put(KEYS.clock(), { epoch: 0 });
  const value = hex(genesisBeacon(channel, config));
  await state.put(KEYS.beacon(0), { epoch: 0, value, delegate: null, signature: null });
}

/** A delegate that enters has fixed its key before it can know any beacon it would sign. */
async function checkNewDelegates(state: State, config: Config, present: Config): Promise<void> {
  const entering = new Set(config.genesisDelegates);
  for (const mspId of present.genesisDelegates) entering.delete(mspId);
  for (const mspId of entering) {
    await state.find(KEYS.organisation(mspId, 'delegate'), `beacon key announced by ${mspId}`);
  }
}
