/**
 * The owner's files: which there are and how they stand is read attested, their names are opened here.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Config } from '@holdfast/protocol/consortium-records.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import { fileList, type FileStateName } from '@holdfast/protocol/file-messages.js';
import type { Verdict } from '@holdfast/protocol/schema.js';
import { openFactsCache, type FactsCache } from './file-facts.ts';
import { ledgerStateOf, shownState } from './file-state.ts';
import { readConfig, readEpoch } from '@holdfast/protocol/owner/parties.js';
import { openFacts, type FileFacts } from '@holdfast/protocol/owner/stored-file.js';
import type { Session } from './session.ts';
import { partsThrough } from './stored-content.ts';
import { unfinishedUploads } from './upload-state.ts';

export interface Listed {
  readonly fileId: string;
  /** undefined where the name cannot be opened at present. */
  readonly name: string | undefined;
  readonly size: number | undefined;
  readonly version: number;
  readonly blocks: number;
  readonly nodes: readonly string[];
  readonly state: FileStateName;
  readonly lastVerdict: Verdict | null;
  /** The first epoch that can audit it next. */
  readonly dueFrom: number | null;
  /** Epoch of the last audit, and the newest there is. */
  readonly lastEpoch: number | null;
  readonly epoch: number;
  /** When the gateway saw it; informational. */
  readonly lastVerdictAt: string | null;
  /** Whether every block has a replica without known damage, as the gateway knows. */
  readonly safe: boolean | undefined;
}

export interface Listing {
  readonly files: readonly Listed[];
  /** Uploads of this device that are not on the ledger yet. */
  readonly storing: number;
  /** Seconds of an epoch at least: turns epochs into time. */
  readonly slotSeconds: number;
}

/** (Owner) All files, oldest first. */
export async function listFiles(session: Session): Promise<Listing> {
  const { ledger } = session;
  const config = await readConfig(ledger);
  const epoch = await readEpoch(ledger);
  const cache = await openFactsCache(session);
  const states: FileState[] = [];
  for await (const state of ownedFiles(session)) states.push(state);
  const told = await toldStates(session, new Set(states.map(({ file }) => file.fileId)));
  const files: Listed[] = [];
  for (const state of states) {
    files.push(await listed(session, { state, epoch, config, cache, told }));
  }
  await cache.save();
  const storing = (await unfinishedUploads(session.home)).filter(
    ({ request }) => !files.some(({ fileId }) => fileId === request.fileId),
  ).length;
  return { files, storing, slotSeconds: config.slotSeconds };
}

/** (Owner) Every file that the ledger lists under the owner, page after page. */
export async function* ownedFiles({ ledger, device }: Session): AsyncGenerator<FileState, void> {
  const { ownerId } = device;
  let cursor: string | undefined;
  do {
    const page = await ledger.read(
      'files:list',
      { ownerId, limit: 50, ...(cursor === undefined ? {} : { cursor }) },
      ({ items }) => items.every(({ file }) => file.ownerId === ownerId),
    );
    yield* page.items;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

export interface ListedFrom {
  readonly state: FileState;
  readonly epoch: number;
  readonly config: Config;
  readonly cache: FactsCache;
  readonly told: ReadonlyMap<string, Told>;
}

const UNTOLD = { state: undefined, safe: undefined, lastVerdictAt: null };
const NEVER = { verdict: null, last: null, from: null };
const UNNAMED = { name: undefined, size: undefined };

/** (Owner) One file as it is shown. */
export async function listed(session: Session, from: ListedFrom): Promise<Listed> {
  const { state, epoch, config, cache } = from;
  const { file, due, placement } = state;
  const told = from.told.get(file.fileId) ?? UNTOLD;
  const { verdict, last, from: dueFrom } = due ?? NEVER;
  const { name, size } = (await factsOf(session, cache, file)) ?? UNNAMED;
  return {
    fileId: file.fileId,
    name,
    size,
    version: file.version,
    blocks: file.blockCount,
    nodes: placement?.nodes ?? [],
    state: shownState(ledgerStateOf(state, epoch, config), told.state),
    lastVerdict: verdict,
    dueFrom,
    lastEpoch: last,
    epoch,
    lastVerdictAt: told.lastVerdictAt,
    safe: told.safe,
  };
}

/** A file whose name cannot be opened stays in the list, unnamed. */
async function factsOf(
  session: Session,
  cache: FactsCache,
  file: FileRecord,
): Promise<FileFacts | undefined> {
  const known = cache.get(file.fileId);
  if (known !== undefined) return known;
  try {
    const facts = await openFacts(session, file, partsThrough(session.api));
    cache.set(file.fileId, facts);
    return facts;
  } catch (error) {
    if (error instanceof HoldfastError) return undefined;
    throw error;
  }
}

/** What a gateway adds to the ledger. */
export interface Told {
  readonly state: FileStateName;
  readonly safe: boolean;
  readonly lastVerdictAt: string | null;
}

/** Of the owner's files alone, and in no more pages than there are of them: a gateway could go on for ever. */
async function toldStates(
  { api }: Session,
  fileIds: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Told>> {
  const told = new Map<string, Told>();
  let cursor: string | null = '';
  for (let pages = 0; cursor !== null && pages <= fileIds.size; pages++) {
    const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page = await api.call('GET', `/v1/files?limit=100${query}`, fileList).catch(whereUntold);
    for (const item of page?.items ?? []) {
      if (fileIds.has(item.fileId)) told.set(item.fileId, item);
    }
    cursor = page?.next ?? null;
  }
  return told;
}

/** A gateway that does not say leaves us with the ledger. */
export function whereUntold(error: unknown): undefined {
  if (error instanceof HoldfastError) return undefined;
  throw error;
}
