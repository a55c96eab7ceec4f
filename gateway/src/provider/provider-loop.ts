/**
 * The provider follows the ledger: it learns which uploads have been registered, which files retired, and answers the
 * challenge of each new beacon.
 *
 * @module
 */
import type { Ledger, LedgerEvent } from '../ledger/ledger.ts';
import { answerEpoch } from './answering.ts';
import { putCheckpoint, putFile } from './catalogue.ts';
import type { ProviderContext } from './context.ts';
import { dropAbandoned, dropExpired, dropOrOwe, workOff } from './outbox.ts';
import type { TaggedFile } from './tagged-file.ts';

/**
 * (Provider) @returns one round: catches up, then follows the events until the signal ends it or something fails; to be
 *   called again and again. What an event causes is done, or owed on disk, before its checkpoint is.
 */
export function newProviderLoop(
  context: ProviderContext,
  ledger: Pick<Ledger, 'events'>,
): (signal: AbortSignal) => Promise<void> {
  const { catalogue, session } = context;
  /** Epochs with challenges left open, and the newest that was looked at. */
  let pending: readonly number[] = [];
  let looked = -1;
  let cleaned = -1;

  /** Everything that the present epoch asks of a provider. */
  async function goOn(signal: AbortSignal): Promise<void> {
    await dropAbandoned(context);
    const { epoch } = await session.evaluate('beacons:current', {}, signal);
    const config = await session.evaluate('accounts:config', {}, signal);
    const oldest = Math.max(0, epoch - config.answerWindow - 2 * config.auditPeriod);
    if (cleaned < 0 || epoch >= cleaned + config.auditPeriod) {
      await dropExpired(context, epoch, config.answerWindow);
      cleaned = epoch;
    }
    const fresh = epochsFrom(Math.max(oldest, looked + 1), epoch);
    const open: number[] = [];
    for (const past of [...pending.filter((one) => one >= oldest), ...fresh]) {
      if ((await answerEpoch(context, past)) > 0) open.push(past);
    }
    [pending, looked] = [open, epoch];
  }

  async function handle(event: LedgerEvent, signal: AbortSignal): Promise<void> {
    if (event.name === 'BeaconAdvanced') {
      const { epoch } = await session.evaluate('beacons:current', {}, signal);
      if (event.payload.epoch === epoch) await goOn(signal);
    } else if (event.name === 'FileRegistered') {
      await change(context, event.payload.fileId, (file) =>
        catalogue.write([putFile({ ...file, state: 'registered' })]),
      );
    } else if (event.name === 'FilePlaced') {
      const { fileId, nodes: placed } = event.payload;
      await change(context, fileId, (file) => {
        const nodes = [...new Set([...file.nodes, ...placed])];
        return catalogue.write([putFile({ ...file, nodes })]);
      });
    } else if (event.name === 'FileRetired') {
      await change(context, event.payload.fileId, (file) => dropOrOwe(context, file));
    }
  }

  return async (signal) => {
    [pending, looked, cleaned] = [[], -1, -1];
    await workOff(context);
    await goOn(signal);
    for await (const event of ledger.events(await catalogue.checkpoint(), signal)) {
      await handle(event, signal);
      const { ledgerBlockNumber, transactionId } = event;
      await catalogue.write([putCheckpoint({ ledgerBlockNumber, transactionId })]);
    }
  };
}

/**
 * A change of a file that is here and stays; others' files are none of ours, nor is an upload that bears the id of one: its
 * bytes may come for ever, and nothing waits for them here.
 */
async function change(
  { catalogue, exclusive }: ProviderContext,
  fileId: string,
  work: (file: TaggedFile) => Promise<void>,
): Promise<void> {
  if (((await catalogue.file(fileId))?.accepted ?? null) === null) return;
  await exclusive(fileId, async () => {
    const file = await catalogue.file(fileId);
    if (file !== undefined && file.state !== 'dropping') await work(file);
  });
}

const epochsFrom = (first: number, last: number): number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
