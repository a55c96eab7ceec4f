/**
 * The auditor loop of a delegate: its beacons, what went unanswered, and where the damage lies (paper 003, sections 3
 * and 4; constructions, sections 5 and 11).
 *
 * @module
 */
import { base64url, fromHex } from '@holdfast/protocol/bytes.js';
import { delegateOf, drawnNode } from '@holdfast/protocol/audit.js';
import { beaconMessage } from '@holdfast/protocol/beacon.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { DST } from '@holdfast/protocol/labels.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { sign } from '@holdfast/protocol/signature.js';
import type { LedgerSession } from '../ledger/ledger.ts';
import type { Logger } from '../log.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Provider } from '../roles.ts';
import { locateDamage } from './locate-damage.ts';
import { openChallenges } from './open-challenges.ts';

export interface AuditorParts {
  readonly session: LedgerSession;
  readonly channel: string;
  readonly config: Config;
  /** The delegate's BLS secret. */
  readonly secret: bigint;
  readonly monitor: Monitor;
  /** Providers that can be reached from here, by organisation. */
  readonly providers: ReadonlyMap<string, Provider>;
  readonly log: Logger;
}

/** (Delegate) @returns one round; to be called again and again. */
export function newAuditor(parts: AuditorParts): (signal: AbortSignal) => Promise<void> {
  const { session, config, monitor } = parts;
  let begun = -1;
  let looked = -1;

  return async (signal) => {
    const { epoch, ticks } = monitor.clock();
    const next = epoch + 1;
    const isOurs = delegateOf(next, config) === session.mspId;
    if (isOurs && 2 * ticks.length > config.organisations.length && begun < next) {
      await advance(parts, next, ticks, signal);
      begun = next;
    }
    if (looked < epoch && delegateOf(epoch, config) === session.mspId) {
      await lookBack(parts, epoch, looked < 0, signal);
      looked = epoch;
    }
  };
}

/** Begins an epoch: the signature over the beacon before is the only one there can be. */
async function advance(
  { session, channel, secret }: AuditorParts,
  epoch: number,
  msps: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const before = await session.evaluate('beacons:get', { epoch: epoch - 1 }, signal);
  const message = beaconMessage(channel, epoch, fromHex(before.value));
  const signature = base64url(sign(secret, message, DST.beacon));
  const args = { epoch, signature, msps: [...msps] };
  await unless(['ALREADY_EXISTS'], session.submit('beacons:advance', args, signal));
}

/** Once in an own slot: what stayed unanswered so far, and what has stayed so for too long. */
async function lookBack(
  parts: AuditorParts,
  epoch: number,
  isFirst: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { session, config } = parts;
  for (const providerId of parts.providers.keys()) {
    for (const past of epochsToLookAt(epoch, config, isFirst)) {
      for await (const state of openChallenges(session, providerId, past, signal)) {
        const end = Math.max(past, state.file.epochAmended) + config.answerWindow;
        if (epoch >= end) await miss(session, state, past, signal);
        else if (past === epoch - 1) await locate(parts, state, past, signal);
      }
    }
  }
}

/**
 * The last epoch, and those whose window has just ended: as many as there are delegates, so that one that was away leaves
 * nothing behind. At the start everything that can be open.
 */
function epochsToLookAt(epoch: number, config: Config, isFirst: boolean): number[] {
  const { answerWindow, auditPeriod, genesisDelegates } = config;
  const back = isFirst ? 2 * auditPeriod : genesisDelegates.length;
  const ended = Array.from({ length: back }, (_, i) => epoch - answerWindow - i);
  const inWindow = Array.from({ length: answerWindow - 1 }, (_, i) => epoch - 1 - i);
  const wanted = isFirst ? [...inWindow, ...ended] : [epoch - 1, ...ended];
  return [...new Set(wanted)].filter((past) => past >= 0);
}

async function miss(
  session: LedgerSession,
  { file }: FileState,
  epoch: number,
  signal: AbortSignal,
): Promise<void> {
  const { epoch: now } = await session.evaluate('beacons:current', {}, signal);
  const args = { fileId: file.fileId, epoch, now };
  // the provider or another delegate was faster
  const done = ['ALREADY_EXISTS', 'CONFLICT', 'NOT_DUE', 'EPOCH_PASSED'];
  await unless(done, session.submit('audits:miss', args, signal));
}

/** Goes to owner and provider as an alert, never into a verdict. */
async function locate(
  { session, channel, monitor, providers, log }: AuditorParts,
  state: FileState,
  epoch: number,
  signal: AbortSignal,
): Promise<void> {
  const { file } = state;
  const provider = providers.get(file.providerId);
  if (provider === undefined) return;
  const { value: beacon } = await session.evaluate('beacons:get', { epoch }, signal);
  const node = drawnNode(state, epoch, beacon);
  const blocks = await locateDamage({ channel, state, epoch, beacon, node, provider }, signal);
  if (blocks === undefined) {
    log.warn({ event: 'NodeUnreachable', node, fileId: file.fileId });
    return;
  }
  if (blocks.length === 0) return;
  const alert = { event: 'DamageLocated' as const, fileId: file.fileId, node, blocks };
  await monitor.alert({ ownerId: file.ownerId }, alert);
}

/** Refusals with one of these codes say that it is done already. */
async function unless(done: readonly string[], doing: Promise<unknown>): Promise<void> {
  try {
    await doing;
  } catch (error) {
    if (!(error instanceof HoldfastError && done.includes(error.code))) throw error;
  }
}
