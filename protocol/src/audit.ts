/**
 * When a file is audited, by whose beacon, on which node and over which blocks (constructions, sections 1.4 and 5).
 *
 * Everything follows from records of the ledger, so that the ledger, the provider, the delegate and the owner each come
 * to the same answer. Paper 004 section 5.3 lets the user open a challenge; here the beacon is the challenge.
 *
 * @module
 */
import { fromHex, lengthPrefixed, toInteger, u32be, u64be } from './bytes.ts';
import { expandChallenge, ranksOf, sampleSize, uidsOf } from './challenge.ts';
import { toScalar } from './scalar.ts';
import { byteStream, transcript } from './hash.ts';
import type { AskRecord, DueRecord } from './audit-records.ts';
import type { Config } from './consortium-records.ts';
import type { FileRecord } from './file-records.ts';
import type { FileState } from './ledger-transactions.ts';

/** The delegate whose signature makes the beacon of `epoch`, from 1: the genesis delegates in turn. */
export function delegateOf(epoch: number, config: Config): string {
  const mspId = config.genesisDelegates[epoch % config.genesisDelegates.length];
  if (mspId === undefined) throw new Error('bug: a configuration without delegates');
  return mspId;
}

/** Where one organisation does everything, the conflict rule would leave nobody to audit it. */
const isAlone = (providerId: string, config: Config): boolean =>
  config.organisations.length === 1 ||
  config.genesisDelegates.every((delegate) => delegate === providerId);

/** Whether no organisation stands on two sides of an audit of `file` in `epoch`: part of every verdict. */
export const isIndependent = (
  file: Pick<FileRecord, 'providerId' | 'custody'>,
  config: Config,
  epoch: number,
): boolean =>
  !isAlone(file.providerId, config) &&
  file.custody !== file.providerId &&
  delegateOf(epoch, config) !== file.providerId;

/** What the due rule is asked about. */
export interface DueQuestion {
  readonly state: FileState;
  readonly epoch: number;
  /** B_e in hex, for each of {@link beaconsOfRule}. */
  readonly beacons: ReadonlyMap<number, string>;
  readonly config: Config;
}

/** (Ledger) The epochs whose beacons decide whether the file is due in `epoch`, ascending; none where it cannot be. */
export function beaconsOfRule(
  due: DueRecord | null,
  epoch: number,
  { auditPeriod }: Config,
): number[] {
  if (due === null) return [];
  const first = Math.max(due.from, epoch - 2 * auditPeriod);
  return Array.from({ length: epoch - first + 1 }, (_, i) => first + i);
}

/**
 * (Ledger) Whether the challenge of `epoch` is open for the file: the rule holds in it, and in none of the 2P epochs
 * before it since the last audit. So one challenge of a file is open at a time, and nobody leaves an unlucky one for
 * the next.
 */
export function isDue({ state, epoch, beacons, config }: DueQuestion): boolean {
  const epochs = beaconsOfRule(state.due, epoch, config);
  const first = epochs.find((candidate) => ruleHolds(state, candidate, beacons, config));
  return first === epoch;
}

/** Whether the rule of section 5.6 holds in one epoch, from `due.from` on. */
function ruleHolds(
  { file, due, ask }: FileState,
  epoch: number,
  beacons: ReadonlyMap<number, string>,
  config: Config,
): boolean {
  if (due === null || file.state !== 'active' || file.blockCount === 0) return false;
  const isInConflict = delegateOf(epoch, config) === file.providerId;
  if (isInConflict && !isAlone(file.providerId, config)) return false;
  return (
    due.last === null ||
    due.verdict !== 'intact' ||
    epoch - due.last >= 2 * config.auditPeriod ||
    isAsked(ask, epoch) ||
    isDrawn(file.fileId, beaconOf(beacons, epoch), config.auditPeriod)
  );
}

const isAsked = (ask: AskRecord | null, epoch: number): ask is AskRecord =>
  ask !== null && ask.fromEpoch <= epoch;

/** One epoch in P: T("due", B_e, fid)[0..8] mod P = 0. */
const isDrawn = (fileId: string, beacon: Uint8Array, period: number): boolean =>
  toInteger(transcript('due', beacon, fromHex(fileId)).slice(0, 8)) % BigInt(period) === 0n;

function beaconOf(beacons: ReadonlyMap<number, string>, epoch: number): Uint8Array {
  const value = beacons.get(epoch);
  if (value === undefined) throw new Error(`bug: beacon ${epoch} was not read`);
  return fromHex(value);
}

/**
 * (Ledger) The node that has to answer: the one asked for, else the one that was not intact or is new, else one of the
 * placement by lot, u32(T("node", B_e, fid)[0..4]) mod count.
 *
 * The ledger records it and honest software obeys it; it does not prove distinct replicas.
 *
 * @param beacon - B_e in hex.
 */
export function drawnNode(
  { file, placement, due, ask }: FileState,
  epoch: number,
  beacon: string,
): string {
  const named = (isAsked(ask, epoch) ? ask.node : null) ?? due?.node ?? null;
  if (named !== null) return named;
  const nodes = placement?.nodes ?? [];
  const lot = transcript('node', fromHex(beacon), fromHex(file.fileId)).slice(0, 4);
  const drawn = nodes[Number(toInteger(lot)) % nodes.length];
  if (drawn === undefined) throw new Error(`bug: file ${file.fileId} has no placement`);
  return drawn;
}

/** How many blocks of the file an audit in `epoch` draws, conceded ones apart: as asked, else 99 % against 1 %. */
export const wantedBlocks = (
  file: Pick<FileRecord, 'blockCount'>,
  ask: AskRecord | null,
  epoch: number,
): number =>
  Math.min(
    (isAsked(ask, epoch) ? ask.blocks : null) ?? sampleSize(file.blockCount),
    file.blockCount,
  );

/** What one file has to be proved on in one epoch. */
export interface Challenge {
  readonly seed: Uint8Array;
  /** Block ids, ascending. */
  readonly uids: readonly number[];
  /** v_i of equation (2) of paper 004, one for each id. */
  readonly coefficients: readonly bigint[];
}

/**
 * (Ledger, Provider, Delegate, Owner) The challenge of a file in an epoch, steps 3 and 4 of section 1.4:
 *
 * ```text
 * seed = T("challenge", LP(channel), u64 e, B_e, fid, u32 version, root, u32 n, editHead, LP(providerId), u32 c)
 * ```
 *
 * @param beacon - B_e in hex.
 * @param dead - ids of blocks that edits since the last full tagging have replaced or deleted, ascending.
 */
export function challengeOf({
  channel,
  epoch,
  beacon,
  file,
  due,
  ask,
  dead = [],
}: {
  readonly channel: string;
  readonly epoch: number;
  readonly beacon: string;
  readonly file: FileRecord;
  readonly due: Pick<DueRecord, 'uids'> | null;
  readonly ask: AskRecord | null;
  readonly dead?: readonly number[];
}): Challenge {
  const sampled = wantedBlocks(file, ask, epoch);
  const { firstUid } = file.base;
  const seed = transcript(
    'challenge',
    lengthPrefixed(channel),
    u64be(epoch),
    fromHex(beacon),
    fromHex(file.fileId),
    u32be(file.version),
    fromHex(file.root),
    u32be(file.blockCount),
    fromHex(file.editHead),
    lengthPrefixed(file.providerId),
    u32be(sampled),
  );
  const conceded = ranksOf(due?.uids ?? [], { firstUid, blockCount: file.blockCount, dead });
  const { ranks, coefficients } = expandChallenge(seed, file.blockCount, sampled, conceded);
  return { seed, uids: uidsOf(ranks, firstUid, dead), coefficients };
}

/**
 * (Ledger, Provider) Where the blocks of one key are evaluated in one epoch, however its files are grouped:
 * the stream of T("rho", LP(channel), u64 e, B_e, LP(providerId), tagKeyId), 48 bytes modulo r.
 *
 * From a beacon later than the registration: whoever knew it when it stored the file could keep 80 bytes a block.
 *
 * @param beacon - B_e in hex.
 * @param tagKeyId - hex.
 */
export function rhoOf({
  channel,
  epoch,
  beacon,
  providerId,
  tagKeyId,
}: {
  readonly channel: string;
  readonly epoch: number;
  readonly beacon: string;
  readonly providerId: string;
  readonly tagKeyId: string;
}): bigint {
  const seed = transcript(
    'rho',
    lengthPrefixed(channel),
    u64be(epoch),
    fromHex(beacon),
    lengthPrefixed(providerId),
    fromHex(tagKeyId),
  );
  return toScalar(byteStream(seed)(48));
}
