/**
 * A delegate looks back once in each of its slots: what has gone unanswered for too long it reports, and where the damage
 * lies in what is unanswered still it tells owners (paper 003, sections 3 and 4; constructions, section 11).
 *
 * Not in the way of its beacons: whoever answers a delegate slowly would stop the consortium's clock, and with it the
 * window after which silence counts.
 *
 * @module
 */
import type { Config } from '@holdfast/protocol/consortium-records.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { delegateOf, drawnNode } from '@holdfast/protocol/audit.js';
import { withDeadline } from '../deadline.ts';
import type { LedgerSession } from '../ledger/ledger.ts';
import type { Logger } from '../log.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Provider } from '../roles.ts';
import { unless } from './beacons.ts';
import { locateDamage } from './locate-damage.ts';
import { openChallenges } from './open-challenges.ts';

export interface LookBackParts {
  readonly session: LedgerSession;
  readonly channel: string;
  readonly config: Config;
  readonly monitor: Pick<Monitor, 'clock' | 'alert'>;
  /** Providers that can be reached from here, by organisation. */
  readonly providers: ReadonlyMap<string, Provider>;
  readonly log: Logger;
}

/** (Delegate) @returns one round; to be called again and again. */
export function newLookBack(parts: LookBackParts): (signal: AbortSignal) => Promise<void> {
  const { session, config, monitor } = parts;
  let looked = -1;
  return async (signal) => {
    const { epoch } = monitor.clock();
    if (looked >= epoch || delegateOf(epoch, config) !== session.mspId) return;
    await lookBack(parts, epoch, looked < 0, signal);
    looked = epoch;
  };
}

/**
 * (Agent) In slots of delegates whose alerts go to other gateways: where the damage lies in what is unanswered still.
 *
 * @param own - organisations whose delegates alert here.
 * @returns one round; to be called again and again.
 */
export function newLocator(
  parts: LookBackParts,
  own: readonly string[],
): (signal: AbortSignal) => Promise<void> {
  const { session, config, monitor, providers } = parts;
  let looked = monitor.clock().epoch;
  return async (signal) => {
    const { epoch } = monitor.clock();
    if (looked >= epoch) return;
    looked = epoch;
    if (own.includes(delegateOf(epoch, config))) return;
    const slot = AbortSignal.any([signal, AbortSignal.timeout(config.slotSeconds * 1000)]);
    for (const providerId of providers.keys()) {
      for await (const state of openChallenges(session, providerId, epoch - 1, signal)) {
        if (slot.aborted) return;
        await apart(parts, state, epoch - 1, signal, () => locate(parts, state, epoch - 1, slot));
      }
    }
  };
}

async function lookBack(
  parts: LookBackParts,
  epoch: number,
  isFirst: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { session, config, providers } = parts;
  const slot = AbortSignal.any([signal, AbortSignal.timeout(config.slotSeconds * 1000)]);
  for (const past of epochsToLookAt(epoch, config, isFirst)) {
    for (const providerId of providers.keys()) {
      for await (const state of openChallenges(session, providerId, past, signal)) {
        const end = Math.max(past, state.file.epochAmended) + config.answerWindow;
        await apart(parts, state, past, signal, async () => {
          if (epoch >= end) await miss(session, state, past, signal);
          else if (past === epoch - 1 && !slot.aborted) await locate(parts, state, past, slot);
        });
      }
    }
  }
}

/** What fails for one file, or is made to fail by its provider, must not hide the others. */
async function apart(
  { log }: LookBackParts,
  { file: { fileId } }: FileState,
  epoch: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HoldfastError && error.code === 'LEDGER_UNREACHABLE') throw error;
    log.warn({ event: 'LookBackFailed', fileId, epoch, err: error });
  }
}

/**
 * Those whose window has just ended, as many as there are delegates, so that one that was away leaves nothing behind, then
 * the last epoch. At the start everything that can be open.
 */
function epochsToLookAt(epoch: number, config: Config, isFirst: boolean): number[] {
  const { answerWindow, auditPeriod, genesisDelegates } = config;
  const back = isFirst ? 2 * auditPeriod : genesisDelegates.length;
  const ended = Array.from({ length: back }, (_, i) => epoch - answerWindow - i);
  const inWindow = Array.from({ length: answerWindow - 1 }, (_, i) => epoch - 1 - i);
  const wanted = isFirst ? [...ended, ...inWindow] : [...ended, epoch - 1];
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

const late = (): HoldfastError =>
  new HoldfastError('STORAGE_UNREACHABLE', 'the blocks have not come within a slot');

/**
 * Goes to owner and provider as an alert, never into a verdict. The slot ends it, whatever the provider does: the next one's
 * misses are more than this.
 */
async function locate(
  { session, channel, config, monitor, providers, log }: LookBackParts,
  state: FileState,
  epoch: number,
  signal: AbortSignal,
): Promise<void> {
  const { file } = state;
  const provider = providers.get(file.providerId);
  if (provider === undefined) return;
  const { value: beacon } = await session.evaluate('beacons:get', { epoch }, signal);
  const node = drawnNode(state, epoch, beacon);
  const question = { channel, state, epoch, beacon, node, provider };
  const slotMs = config.slotSeconds * 1000;
  const blocks = await withDeadline(slotMs, signal, late, (until) => locateDamage(question, until));
  if (blocks === undefined) {
    log.warn({ event: 'NodeUnreachable', node, fileId: file.fileId });
    return;
  }
  if (blocks.length === 0) return;
  const alert = { event: 'DamageLocated' as const, fileId: file.fileId, node, blocks };
  await monitor.alert({ ownerId: file.ownerId }, alert);
}
