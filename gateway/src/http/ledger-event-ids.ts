/**
 * The ledger's events as they are told to anybody: `ledgerBlock.position` names each, the same in every gateway and after
 * every restart.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Checkpoint, Ledger } from '../ledger/ledger.ts';
import type { Event } from './event-stream.ts';

export interface LedgerEventId {
  readonly ledgerBlockNumber: number;
  /** Of the event among those of its ledger block. */
  readonly position: number;
}

/** @throws `INPUT_INVALID`. */
export function parseLedgerEventId(text: string): LedgerEventId {
  const [, block, position] = /^(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,8})$/.exec(text) ?? [];
  if (block !== undefined && position !== undefined) {
    return { ledgerBlockNumber: Number(block), position: Number(position) };
  }
  throw new HoldfastError('INPUT_INVALID', 'expected an id as events have it, such as 48219.2', {
    pointer: '/Last-Event-ID',
  });
}

/**
 * Events after one, for ever.
 *
 * @param after - the last one that was seen, by its id or as somebody who follows the ledger stands.
 */
export async function* ledgerEventsAfter(
  ledger: Pick<Ledger, 'events'>,
  after: LedgerEventId | Checkpoint | undefined,
  signal: AbortSignal,
): AsyncGenerator<Event, void> {
  // all of its ledger block, for only from there can be counted
  const from = after && { ledgerBlockNumber: after.ledgerBlockNumber };
  let isSeen = newIsSeen(after);
  let at: LedgerEventId = { ledgerBlockNumber: -1, position: -1 };
  for await (const event of ledger.events(from, signal)) {
    const { name, ledgerBlockNumber, transactionId, payload } = event;
    const isNext = at.ledgerBlockNumber !== ledgerBlockNumber;
    at = { ledgerBlockNumber, position: isNext ? 0 : at.position + 1 };
    if (isSeen(at, transactionId)) continue;
    const id = `${ledgerBlockNumber}.${at.position}`;
    yield { id, name, body: { ledgerBlockNumber, transactionId, ...payload } };
  }
}

/** @returns whether an event comes before those that are asked for; called for each in turn. */
function newIsSeen(after: LedgerEventId | Checkpoint | undefined) {
  let isOver = after === undefined;
  return (at: LedgerEventId, transactionId: string): boolean => {
    if (isOver || after === undefined || at.ledgerBlockNumber > after.ledgerBlockNumber)
      return false;
    if ('position' in after) return at.position <= after.position;
    isOver = transactionId === after.transactionId;
    return true;
  };
}
