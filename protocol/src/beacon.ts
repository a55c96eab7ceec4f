/**
 * The beacon: one unpredictable value an epoch, from which every challenge is expanded (constructions, section 5).
 *
 * B_e comes from the signature of the slot's delegate over B_{e-1}. That signature is unique, so the delegate can
 * withhold it but not choose among several. Where paper 004 lets a user draw the challenge, nobody draws it here.
 *
 * @module
 */
import { lengthPrefixed, u32be, u64be, u8 } from './bytes.ts';
import { transcript } from './hash.ts';
import type { Config } from './consortium-records.ts';

/** (Ledger) B_0 = T("genesis", LP(channel), digest of the configuration). */
export const genesisBeacon = (channel: string, config: Config): Uint8Array =>
  transcript('genesis', lengthPrefixed(channel), configDigest(config));

/** (Delegate) What the delegate of slot `epoch` signs: T("beacon-message", LP(channel), u64 e, B_{e-1}). */
export const beaconMessage = (channel: string, epoch: number, previous: Uint8Array): Uint8Array =>
  transcript('beacon-message', lengthPrefixed(channel), u64be(epoch), previous);

/** (Ledger) B_e = T("beacon", B_{e-1}, u64 e, signature of 48 bytes). */
export const nextBeacon = (
  previous: Uint8Array,
  epoch: number,
  signature: Uint8Array,
): Uint8Array => transcript('beacon', previous, u64be(epoch), signature);

/** (Ledger) T("config", every field in the order of its record, lists with their u8 count before them). */
export function configDigest(config: Config): Uint8Array {
  const list = (items: readonly Uint8Array[]) => [u8(items.length), ...items];
  const texts = (items: readonly string[]) => list(items.map(lengthPrefixed));
  return transcript(
    'config',
    u32be(config.version),
    u8(config.organisations.length),
    ...config.organisations.flatMap(({ mspId, roles }) => [lengthPrefixed(mspId), ...texts(roles)]),
    ...texts(config.genesisDelegates),
    ...texts(config.keyServers),
    u32be(config.slotSeconds),
    u32be(config.auditPeriod),
    u32be(config.answerWindow),
    u32be(config.repairWindow),
    u32be(config.answerBlocks),
    u8(config.minimumReplicas),
    u32be(config.epochsPerPeriod),
    lengthPrefixed(config.feePerCall),
    lengthPrefixed(config.auditReward),
    lengthPrefixed(config.lateFee),
    lengthPrefixed(config.missedSlotPenalty),
    lengthPrefixed(config.dedupSkip),
    u8(config.allowSelfAudit ? 1 : 0),
  );
}
