/**
 * How far a command is: one word a stage, the same on a terminal, in JSON and on a page.
 *
 * @module
 */

export type Stage =
  'audit-key' | 'account' | 'read' | 'key' | 'send' | 'replicas' | 'ledger' | 'blocks' | 'audit';

export interface Progress {
  readonly stage: Stage;
  /** Bytes, or items; `total` undefined where nobody knows. */
  readonly done: number;
  readonly total: number | undefined;
  /** What a person may want to know, such as the names of the nodes. */
  readonly note?: string;
}

export type Report = (progress: Progress) => void;
export const silent: Report = () => undefined;
