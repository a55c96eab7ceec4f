/**
 * The monitor: follows the ledger, keeps what follows from its events, and alerts owners (paper 004, "monitoring").
 *
 * Every effect is stored together with the checkpoint behind it, so each event counts once, whatever dies in between.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { AuditRecord } from '@holdfast/protocol/audit-records.js';
import type { Alert } from '@holdfast/protocol/alert-messages.js';
import type { Checkpoint, Ledger, LedgerEvent, LedgerSession } from '../ledger/ledger.ts';
import type { Logger } from '../log.ts';
import type { Change, Store } from '../store.ts';
import { alertId, sortable, type Position } from './alert-ids.ts';
import { advanced, FIRST_CLOCK, type LedgerClock } from './ledger-clock.ts';
import {
  audited,
  auditsOf,
  changed,
  isWaiting,
  registered,
  type Effect,
  type NewAlert,
  type WatchedFile,
} from './watched-file.ts';

/** A settled audit and where it stands on the ledger. */
export interface SettledAudit {
  readonly record: AuditRecord;
  readonly transactionId: string;
  readonly ledgerBlockNumber: number;
  /** The time its sender gave; null where the ledger could not be asked. */
  readonly at: string | null;
}

export interface MonitorParts {
  readonly ledger: Ledger;
  readonly agent: LedgerSession;
  readonly store: Store;
  readonly log: Logger;
  readonly nowMs: () => number;
}

export interface Monitor {
  /** Follows the ledger until the signal ends it. */
  run(signal: AbortSignal): Promise<void>;
  clock(): LedgerClock;
  /** The last ledger event that was followed. */
  standing(): Checkpoint | undefined;
  /** Files whose next audit somebody waits for. */
  waiting(): readonly WatchedFile[];
  file(fileId: string): WatchedFile | undefined;
  files(): Iterable<WatchedFile>;
  /** When the newest verdict was sent, as its sender says, but not later than it was seen; undefined before the first. */
  verdictAt(): string | undefined;
  /** Blocks with known damage on a node. */
  damagedOn(node: string): number;
  /** Newest first, those before an epoch where one is given. */
  auditsOf(fileId: string, page: { before?: number; limit: number }): Promise<SettledAudit[]>;
  /** Oldest first, those after an id. */
  alertsOf(ownerId: string, page: { after?: string; limit: number }): Promise<Alert[]>;
  /** Calls back after each stored event or alert, until the signal ends it. */
  onChange(call: () => void, signal: AbortSignal): void;
  /** Calls back with each event that has been stored, and what it has changed, until the signal ends it. */
  onEvent(call: EventListener, signal: AbortSignal): void;
  /** An alert that does not come from the ledger: to one owner, or to all who keep files on a node. */
  alert(to: { ownerId: string } | { node: string }, alert: NewAlert): Promise<void>;
}

export type EventListener = (event: LedgerEvent, effects: readonly Effect[]) => void;

/** Where we stand: the checkpoint of the ledger, and how far its ledger block has been numbered. */
type Standing = Checkpoint & Position & { readonly verdictAt?: string };

const TABLE = {
  standing: 'monitor-standing',
  clock: 'monitor-clock',
  files: 'monitor-files',
  audits: 'monitor-audits',
  alerts: 'monitor-alerts',
} as const;

const epochKey = (epoch: number): string => String(epoch).padStart(12, '0');

/** (Agent) Opens the monitor's records. */
export async function openMonitor(parts: MonitorParts): Promise<Monitor> {
  const { ledger, agent, store, log, nowMs } = parts;
  const files = new Map<string, WatchedFile>();
  let standing = await store.table<Standing>(TABLE.standing).get('');
  let clock = (await store.table<LedgerClock>(TABLE.clock).get('')) ?? FIRST_CLOCK;
  for await (const [fileId, file] of store.table<WatchedFile>(TABLE.files).entries()) {
    // those of a version that kept no epoch count from now
    files.set(fileId, { ...file, since: file.since ?? clock.epoch });
  }
  const listeners = new Set<() => void>();
  const eventListeners = new Set<EventListener>();
  let last: Promise<void> = Promise.resolve();

  /** One at a time: each effect builds on the one before. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  }

  async function handle(event: LedgerEvent, signal: AbortSignal): Promise<void> {
    const effects = await effectsOf(event, signal);
    const at = effects.length === 0 ? null : await timeOf(event.transactionId, signal);
    const next: Standing = {
      ...after(standing, event.ledgerBlockNumber),
      ...checkpointOf(event),
      ...(auditsOf(event).length === 0 ? {} : { verdictAt: notLater(at, nowMs()) }),
    };
    const moved = advanced(clock, event);
    await store.batch([
      { table: TABLE.standing, key: '', value: next },
      ...(moved === clock ? [] : [{ table: TABLE.clock, key: '', value: moved }]),
      ...alertChanges(effects, next, at),
      ...effects.map(({ file }, i) => fileChange(file, eventFile(event, i))),
      ...auditsOf(event).map((record) => auditChange(record, event, at)),
    ]);
    standing = next;
    clock = moved;
    for (const [i, { file }] of effects.entries()) {
      if (file === undefined) files.delete(eventFile(event, i));
      else files.set(file.fileId, file);
    }
    for (const { alerts } of effects) for (const alert of alerts) log.info({ ...alert });
    for (const call of eventListeners) call(event, effects);
    for (const call of listeners) call();
  }

  async function effectsOf(event: LedgerEvent, signal: AbortSignal): Promise<Effect[]> {
    if (event.name === 'FileRegistered') {
      const { fileId } = event.payload;
      const { placement } = await agent.evaluate('files:get', { fileId }, signal);
      return [registered(event, placement?.nodes ?? [])];
    }
    const audits = auditsOf(event);
    if (audits.length > 0) {
      return audits.map((audit) => audited(watched(audit.fileId), audit, event.transactionId));
    }
    if (
      event.name !== 'FilePlaced' &&
      event.name !== 'AuditAsked' &&
      event.name !== 'FileRetired'
    ) {
      return [];
    }
    return [changed(watched(event.payload.fileId), event)];
  }

  function watched(fileId: string): WatchedFile {
    const file = files.get(fileId);
    if (file === undefined) throw new Error(`bug: file ${fileId} was never registered`);
    return file;
  }

  async function timeOf(transactionId: string, signal: AbortSignal): Promise<string | null> {
    try {
      return (await ledger.transaction(transactionId, signal)).at;
    } catch (error) {
      if (error instanceof HoldfastError) return null;
      throw error;
    }
  }

  return {
    async run(signal) {
      try {
        for await (const event of ledger.events(standing, signal)) {
          await inTurn(() => handle(event, signal));
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    clock: () => clock,
    standing: () => standing && checkpointAt(standing),
    waiting: () => [...files.values()].filter(isWaiting),
    file: (fileId) => files.get(fileId),
    files: () => files.values(),
    verdictAt: () => standing?.verdictAt,
    damagedOn: (node) =>
      [...files.values()].reduce((sum, { damaged }) => sum + (damaged[node]?.length ?? 0), 0),
    async auditsOf(fileId, { before, limit }) {
      const range = {
        after: `${fileId}.`,
        before: before === undefined ? `${fileId}/` : `${fileId}.${epochKey(before)}`,
      };
      const found: SettledAudit[] = [];
      const rows = store.table<SettledAudit>(TABLE.audits);
      for await (const [, audit] of rows.entries({ ...range, limit, reverse: true })) {
        found.push(audit);
      }
      return found;
    },
    async alertsOf(ownerId, { after: id, limit }) {
      const found: Alert[] = [];
      const start = `${ownerId}.${id === undefined ? '' : (sortable(id) ?? '')}`;
      const range = { after: start, before: `${ownerId}/`, limit };
      for await (const [, alert] of store.table<Alert>(TABLE.alerts).entries(range)) {
        found.push(alert);
      }
      return found;
    },
    onChange(call, signal) {
      listeners.add(call);
      signal.addEventListener('abort', () => listeners.delete(call), { once: true });
    },
    onEvent(call, signal) {
      eventListeners.add(call);
      signal.addEventListener('abort', () => eventListeners.delete(call), { once: true });
    },
    alert: (to, alert) =>
      inTurn(async () => {
        const next = after(standing, standing?.ledgerBlockNumber ?? 0);
        const owners =
          'ownerId' in to
            ? [to.ownerId]
            : [...files.values()].filter(({ nodes }) => nodes.includes(to.node)).map(ownerOf);
        const effects = [...new Set(owners)].map((ownerId) => ({ ownerId, alerts: [alert] }));
        await store.batch([
          { table: TABLE.standing, key: '', value: next },
          ...alertChanges(effects, next, new Date(nowMs()).toISOString()),
        ]);
        standing = next;
        log.info({ ...alert });
        for (const call of listeners) call();
      }),
  };
}

const ownerOf = ({ ownerId }: WatchedFile): string => ownerId;

const checkpointOf = ({ ledgerBlockNumber, transactionId }: LedgerEvent): Checkpoint => ({
  ledgerBlockNumber,
  transactionId,
});

const notLater = (at: string | null, nowMs: number): string =>
  new Date(at === null ? nowMs : Math.min(Date.parse(at), nowMs)).toISOString();

const checkpointAt = ({ ledgerBlockNumber, transactionId }: Standing): Checkpoint => ({
  ledgerBlockNumber,
  ...(transactionId === undefined ? {} : { transactionId }),
});

/** The next number within a ledger block. */
function after(standing: Standing | undefined, ledgerBlockNumber: number): Standing {
  const isSame = standing?.ledgerBlockNumber === ledgerBlockNumber;
  return { ...standing, ledgerBlockNumber, position: isSame ? standing.position + 1 : 0 };
}

/** The file that the i-th effect of an event is about. */
function eventFile(event: LedgerEvent, index: number): string {
  const audit = auditsOf(event)[index];
  if (audit !== undefined) return audit.fileId;
  if ('fileId' in event.payload) return event.payload.fileId;
  throw new Error(`bug: ${event.name} is about no file`);
}

const fileChange = (file: WatchedFile | undefined, fileId: string): Change => ({
  table: TABLE.files,
  key: fileId,
  ...(file === undefined ? {} : { value: file }),
});

const auditChange = (record: AuditRecord, event: LedgerEvent, at: string | null): Change => {
  const { transactionId, ledgerBlockNumber } = event;
  const value: SettledAudit = { record, transactionId, ledgerBlockNumber, at };
  return { table: TABLE.audits, key: `${record.fileId}.${epochKey(record.epoch)}`, value };
};

function alertChanges(
  effects: readonly Pick<Effect, 'ownerId' | 'alerts'>[],
  position: Position,
  at: string | null,
): Change[] {
  return effects
    .flatMap(({ ownerId, alerts }) => alerts.map((alert) => ({ ownerId, alert })))
    .map(({ ownerId, alert }, item) => {
      const id = alertId(position, item);
      return {
        table: TABLE.alerts,
        key: `${ownerId}.${sortable(id) ?? ''}`,
        value: { ...alert, id, at },
      };
    });
}
