/**
 * What a provider works with: everything outside itself, passed in.
 *
 * @module
 */
import type { Pool } from '@holdfast/protocol/pool.js';
import type { LedgerSession } from '../ledger/ledger.ts';
import type { Logger } from '../log.ts';
import type { Store } from './block-store.ts';
import type { RepairOutcome } from './figures.ts';
import type { TagTables } from './tag-tables.ts';

export interface ProviderContext extends Store {
  readonly providerId: string;
  /** The ledger's channel: part of every challenge. */
  readonly channel: string;
  readonly log: Logger;
  /** Under the provider's own identity. */
  readonly session: LedgerSession;
  readonly tables: TagTables;
  /** Where tags are checked and proofs are made. */
  readonly pool: Pool;
  /** Of the BLS key that the provider has announced. */
  readonly acceptanceSecret: bigint;
  /** Whether it asks for Padme, as announced. */
  readonly padding: boolean;
  readonly random: (length: number) => Uint8Array;
  readonly nowMs: () => number;
  /** Uploads to be dropped as soon as that can be written down; a restart leaves them to their expiry. */
  readonly abandoned: Set<string>;
  /** Told how each repair of conceded blocks went. */
  readonly onRepair?: ((outcome: RepairOutcome) => void) | undefined;
}
