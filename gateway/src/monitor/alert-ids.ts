/**
 * Ids of alerts: `ledgerBlock.transaction.item`, ascending in the order in which things happened.
 *
 * @module
 */

/** Where a ledger event stands: the ledger block, and its number among what we took from that block. */
export interface Position {
  readonly ledgerBlockNumber: number;
  readonly position: number;
}

export const alertId = ({ ledgerBlockNumber, position }: Position, item: number): string =>
  `${ledgerBlockNumber}.${position}.${item}`;

/** An id as a key whose order as text is the order of numbers; undefined where it is none. */
export function sortable(id: string): string | undefined {
  if (!/^(?:0|[1-9][0-9]{0,14})(?:\.(?:0|[1-9][0-9]{0,9})){2}$/.test(id)) return undefined;
  return id
    .split('.')
    .map((part, index) => part.padStart(index === 0 ? 15 : 10, '0'))
    .join('.');
}
