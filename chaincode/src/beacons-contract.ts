import { fromBase64url, fromHex, hex } from '@holdfast/protocol/bytes.js';
import { beaconMessage, nextBeacon } from '@holdfast/protocol/beacon.js';
import { atField } from '@holdfast/protocol/errors.js';
import { DST } from '@holdfast/protocol/labels.js';
import { delegateOf } from '@holdfast/protocol/audit.js';
import { verifySignature } from '@holdfast/protocol/signature.js';
import { answer, begin, commit, type Call } from './call.ts';
import { isMajority } from './configuration.ts';
import { HoldfastContract } from './contract.ts';
import { Context, Info, Returns, Transaction } from './fabric.ts';
import { expectField, must } from './refuse.ts';
import { KEYS } from './state-keys.ts';
import type { State } from './state.ts';

/** The clock: ticks of a majority of organisations, and the beacon of the slot's delegate (constructions 5 and 11). */
@Info({ title: 'beacons', description: 'Epochs: ticks and the beacons of delegates.' })
export class BeaconsContract extends HoldfastContract {
  constructor() {
    super('beacons');
  }

  /** (Ledger) One organisation's word that a slot has passed on its clock since the beacon before. */
  @Transaction()
  @Returns('string')
  async tick(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'beacons:tick', args);
    const { state } = call;
    const { epoch } = call.args;
    const { mspId } = call.caller;
    expectField(epoch > 0, '/epoch', 'expected an epoch after 0');
    await state.find(KEYS.beacon(epoch - 1), `beacon ${epoch - 1} yet`);
    const key = KEYS.tick(epoch, mspId);
    await state.refuse(key, `${mspId} has ticked for epoch ${epoch}`);
    await state.put(key, { epoch, mspId });
    return commit(ctx, 'beacons:tick', ['Ticked', { epoch, mspId }], { epoch });
  }

  /** (Ledger) Begins an epoch: a strict majority has ticked, and the slot's delegate has signed the beacon before. */
  @Transaction()
  @Returns('string')
  async advance(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'beacons:advance', args);
    const { state, config, channel } = call;
    const { epoch, signature } = call.args;
    expectField(epoch > 0, '/epoch', 'expected an epoch after 0');
    await state.refuse(KEYS.beacon(epoch), `epoch ${epoch} has begun`);
    const before = await state.find(KEYS.beacon(epoch - 1), `beacon ${epoch - 1} yet`);
    await checkTicks(call);
    const delegate = delegateOf(epoch, config);
    const key = await beaconKey(state, delegate);
    if (epoch === 1) for (const mspId of config.genesisDelegates) await beaconKey(state, mspId);
    const previous = fromHex(before.value);
    const message = beaconMessage(channel, epoch, previous);
    const signed = fromBase64url(signature);
    const isSigned = atField('/signature', () => verifySignature(key, message, signed, DST.beacon));
    must(isSigned, 'PROOF_INVALID', `${delegate} has not signed beacon ${epoch}`, '/signature');
    const value = hex(nextBeacon(previous, epoch, signed));
    await state.put(KEYS.beacon(epoch), { epoch, value, delegate, signature });
    await state.put(KEYS.clock(), { epoch });
    const event = { epoch, value, delegate };
    return commit(ctx, 'beacons:advance', ['BeaconAdvanced', event], { epoch, value });
  }

  @Transaction(false)
  @Returns('string')
  async current(ctx: Context, args: string): Promise<string> {
    const { state } = await begin(ctx, 'beacons:current', args);
    const { epoch } = await state.find(KEYS.clock(), 'beacon yet');
    return answer('beacons:current', await state.find(KEYS.beacon(epoch), `beacon ${epoch}`));
  }

  @Transaction(false)
  @Returns('string')
  async get(ctx: Context, args: string): Promise<string> {
    const call = await begin(ctx, 'beacons:get', args);
    const { state } = call;
    const { epoch } = call.args;
    return answer('beacons:get', await state.find(KEYS.beacon(epoch), `beacon ${epoch} yet`));
  }
}

/** Reads exactly the ticks that the arguments name, so that a tick which comes later disturbs nothing. */
async function checkTicks({ args, state, config }: Call<'beacons:advance'>): Promise<void> {
  const { epoch, msps } = args;
  expectField(new Set(msps).size === msps.length, '/msps', 'expected each organisation once');
  const all = config.organisations.length;
  must(
    isMajority(msps.length, all),
    'NOT_ALLOWED',
    `${msps.length} of ${all} are no majority`,
    '/msps',
  );
  for (const mspId of msps) {
    const isMember = config.organisations.some((organisation) => organisation.mspId === mspId);
    expectField(isMember, '/msps', `${mspId} is no organisation of this consortium`);
    await state.find(KEYS.tick(epoch, mspId), `tick of ${mspId} for epoch ${epoch}`);
  }
}

/**
 * The key that a delegate has announced. Before the first epoch all of them must stand on the ledger: a key chosen when
 * beacons are known is a choice among beacons.
 */
async function beaconKey(state: State, mspId: string): Promise<Uint8Array> {
  const key = KEYS.organisation(mspId, 'delegate');
  const delegate = await state.find(key, `beacon key announced by ${mspId}`);
  return fromBase64url(delegate.beaconKey);
}
