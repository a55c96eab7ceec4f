/**
 * A provider: its nodes, its catalogue, its loop.
 *
 * @module
 */
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import type { Pool } from '@holdfast/protocol/pool.js';
import type { Ledger, LedgerSession } from '../ledger/ledger.ts';
import type { Logger } from '../log.ts';
import type { Provider } from '../roles.ts';
import type { StorageDriver } from '../storage/storage-driver.ts';
import { openCatalogue } from './catalogue.ts';
import { figuresOf, type ProviderFigures, type RepairOutcome } from './figures.ts';
import { newKeyedQueue } from './keyed-queue.ts';
import { newProviderLoop } from './provider-loop.ts';
import { newProvider } from './provider.ts';
import { newTagTables } from './tag-tables.ts';
import { knowFolder } from './node-folders.ts';

export interface ProviderOptions {
  /** Holds `catalogue/`. */
  readonly folder: string;
  readonly storage: StorageDriver;
  /** The provider's own identity. */
  readonly session: LedgerSession;
  readonly ledger: Pick<Ledger, 'events'>;
  readonly channel: string;
  /** Of the BLS key that the provider has announced. */
  readonly acceptanceSecret: bigint;
  /** Whether it asks for Padme, as announced. */
  readonly padding: boolean;
  readonly random: (length: number) => Uint8Array;
  /** Where tags are checked and proofs are made. */
  readonly pool: Pool;
  readonly nowMs: () => number;
  readonly log: Logger;
  readonly onRepair?: (outcome: RepairOutcome) => void;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

export interface OpenProvider {
  readonly provider: Provider;
  figures(): Promise<ProviderFigures>;
  /** One round of the loop: ends with the signal or a failure, to be begun again. */
  readonly round: (signal: AbortSignal) => Promise<void>;
  /** After the loop has ended. */
  close(): Promise<void>;
}

/** (Provider) @throws `STORAGE_UNREACHABLE`. */
export async function openProvider(options: ProviderOptions): Promise<OpenProvider> {
  const { folder, storage, session, ledger, pool, random } = options;
  // every call of a node listens to it
  setMaxListeners(0, options.signal);
  // first: where another process has it, the nodes are that one's too
  const catalogue = await openCatalogue(join(folder, 'catalogue'));
  const nodes = await Promise.all(
    storage.nodes.map(async (name) => {
      const isKnown = (await catalogue.folderOf(name)) !== undefined;
      return storage.open(name, isKnown);
    }),
  );
  for (const node of nodes) {
    const { up } = await node.status(options.signal);
    if (up) await knowFolder(catalogue, node.name, await storage.identity(node.name));
    else options.log.warn({ event: 'NodeDown', node: node.name });
  }
  const context = {
    ...options,
    providerId: session.mspId,
    catalogue,
    nodes: new Map(nodes.map((node) => [node.name, node])),
    exclusive: newKeyedQueue(),
    abandoned: new Set<string>(),
    tables: newTagTables(catalogue, { pool, random }),
  };
  return {
    provider: newProvider(context),
    figures: () => figuresOf(catalogue),
    round: newProviderLoop(context, ledger),
    close: () => catalogue.close(),
  };
}
