/**
 * The provider's records: which files it keeps, their leaves and tags, who refers to which block, what is owed. Blocks
 * themselves are in the storage nodes, never here.
 *
 * ```text
 * file/{fileId}                   TaggedFile, JSON
 * tail/{fileId}                   bytes of the block that is not complete yet
 * bytes/{kind}/{id}/{page 8}      leaves and tags of files, tables of tag keys and their points, cards: 1,000
                                items a page
 * holder/{digest}/{fileId}        the file refers to the block, or node of a DAG, with this SHA-256
 * held/{fileId}/{digest}          the same from the other side
 * job/{id}                        Job, JSON
 * folder/{node}                   id of the folder that the node's blocks are in
 * checkpoint                      Checkpoint of the ledger's events, JSON
 * ```
 *
 * What one call of `write` is given is on disk, all of it or nothing, when it resolves. One process a folder.
 *
 * @module
 */
import { concat, concatAll } from '@holdfast/protocol/bytes.js';
import type { Checkpoint } from '../ledger/ledger.ts';
import { openDatabase, type Database } from '../storage/database.ts';
import { jobId, type Job, type TaggedFile } from './tagged-file.ts';

/** Bytes a page of each kind. */
const PAGE_BYTES = {
  leaves: 44_000,
  tags: 48_000,
  table: 48_000,
  points: 144_000,
  card: 512,
} as const;
export type PagedKind = keyof typeof PAGE_BYTES;

/** A part of one atomic write. */
export type Change =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string };

export interface Catalogue {
  /** Durable when resolved. */
  write(changes: readonly Change[]): Promise<void>;
  file(fileId: string): Promise<TaggedFile | undefined>;
  files(): AsyncGenerator<TaggedFile>;
  tail(fileId: string): Promise<Uint8Array>;
  /** The changes that put `bytes` at `offset`, which is where what is there ends or before. */
  pages(kind: PagedKind, id: string, offset: number, bytes: Uint8Array): Promise<Change[]>;
  /** Bytes `start` up to `end`, as far as there are any. */
  bytes(kind: PagedKind, id: string, start: number, end: number): Promise<Uint8Array>;
  allBytes(kind: PagedKind, id: string): Promise<Uint8Array>;
  /** Removes all pages. */
  dropPages(kind: PagedKind, id: string): Promise<Change[]>;
  /** The files that refer to a block. */
  holders(digest: string): Promise<string[]>;
  /** The digests of all blocks that a file refers to. */
  held(fileId: string): Promise<string[]>;
  jobs(): Promise<Job[]>;
  folderOf(node: string): Promise<string | undefined>;
  checkpoint(): Promise<Checkpoint | undefined>;
  close(): Promise<void>;
}

export const putFile = (file: TaggedFile): Change => putJson(`file/${file.fileId}`, file);
export const removeFile = (fileId: string): Change => ({ type: 'del', key: `file/${fileId}` });
export const putTail = (fileId: string, value: Uint8Array): Change =>
  value.length === 0
    ? { type: 'del', key: `tail/${fileId}` }
    : { type: 'put', key: `tail/${fileId}`, value };
export const hold = (digest: string, fileId: string): Change[] =>
  bothWays(digest, fileId).map((key) => ({ type: 'put', key, value: new Uint8Array() }));
export const release = (digest: string, fileId: string): Change[] =>
  bothWays(digest, fileId).map((key) => ({ type: 'del', key }));
const bothWays = (digest: string, fileId: string): string[] => [
  `holder/${digest}/${fileId}`,
  `held/${fileId}/${digest}`,
];
export const putJob = (job: Job): Change => putJson(`job/${jobId(job)}`, job);
export const removeJob = (job: Job): Change => ({ type: 'del', key: `job/${jobId(job)}` });
export const putFolder = (node: string, id: string): Change => putJson(`folder/${node}`, id);
export const putCheckpoint = (checkpoint: Checkpoint): Change => putJson('checkpoint', checkpoint);

const FORMAT = '1';

/** Opens the catalogue, making it where it is new. @throws as {@link openDatabase}. */
export const openCatalogue = async (folder: string): Promise<Catalogue> =>
  new LevelCatalogue(await openDatabase(folder, FORMAT));

class LevelCatalogue implements Catalogue {
  readonly #database: Database;
  readonly #level: Database['level'];

  constructor(database: Database) {
    this.#database = database;
    this.#level = database.level;
  }

  write(changes: readonly Change[]): Promise<void> {
    return this.#database.write(changes);
  }

  file(fileId: string): Promise<TaggedFile | undefined> {
    return this.#json<TaggedFile>(`file/${fileId}`);
  }

  files(): AsyncGenerator<TaggedFile> {
    return this.#all<TaggedFile>('file/');
  }

  async tail(fileId: string): Promise<Uint8Array> {
    return (await this.#level.get(`tail/${fileId}`)) ?? new Uint8Array();
  }

  async pages(kind: PagedKind, id: string, offset: number, bytes: Uint8Array): Promise<Change[]> {
    const size = PAGE_BYTES[kind];
    const first = Math.floor(offset / size);
    const before = await this.bytes(kind, id, first * size, offset);
    if (first * size + before.length !== offset) throw new Error(`bug: a gap in ${kind} of ${id}`);
    const whole = concat(before, bytes);
    const count = Math.ceil(whole.length / size);
    return Array.from({ length: count }, (_, i) => ({
      type: 'put',
      key: pageKey(kind, id, first + i),
      value: whole.slice(i * size, (i + 1) * size),
    }));
  }

  async bytes(kind: PagedKind, id: string, start: number, end: number): Promise<Uint8Array> {
    const size = PAGE_BYTES[kind];
    const first = Math.floor(start / size);
    const count = Math.max(Math.ceil(end / size) - first, 0);
    const keys = Array.from({ length: count }, (_, i) => pageKey(kind, id, first + i));
    const found = await this.#level.getMany(keys);
    const whole = concatAll(found.map((page) => page ?? new Uint8Array()));
    return whole.slice(start - first * size, end - first * size);
  }

  async allBytes(kind: PagedKind, id: string): Promise<Uint8Array> {
    return concatAll(await this.#level.values(under(`bytes/${kind}/${id}/`)).all());
  }

  async dropPages(kind: PagedKind, id: string): Promise<Change[]> {
    const keys = await this.#level.keys(under(`bytes/${kind}/${id}/`)).all();
    return keys.map((key) => ({ type: 'del', key }));
  }

  holders(digest: string): Promise<string[]> {
    return this.#names(`holder/${digest}/`);
  }

  held(fileId: string): Promise<string[]> {
    return this.#names(`held/${fileId}/`);
  }

  async jobs(): Promise<Job[]> {
    const jobs: Job[] = [];
    for await (const job of this.#all<Job>('job/')) jobs.push(job);
    return jobs;
  }

  folderOf(node: string): Promise<string | undefined> {
    return this.#json<string>(`folder/${node}`);
  }

  checkpoint(): Promise<Checkpoint | undefined> {
    return this.#json<Checkpoint>('checkpoint');
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #names(prefix: string): Promise<string[]> {
    const keys = await this.#level.keys(under(prefix)).all();
    return keys.map((key) => key.slice(prefix.length));
  }

  async #json<T>(key: string): Promise<T | undefined> {
    const text = await this.#level.get<string, string>(key, { valueEncoding: 'utf8' });
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  async *#all<T>(prefix: string): AsyncGenerator<T> {
    const range = { ...under(prefix), valueEncoding: 'utf8' } as const;
    for await (const text of this.#level.values<string, string>(range)) {
      yield JSON.parse(text) as T;
    }
  }
}

const pageKey = (kind: PagedKind, id: string, page: number): string =>
  `bytes/${kind}/${id}/${String(page).padStart(8, '0')}`;

/** All keys that begin with `prefix`, which ends in a slash: the character after it is `0`. */
const under = (prefix: string): { gte: string; lt: string } => ({
  gte: prefix,
  lt: `${prefix.slice(0, -1)}0`,
});

const putJson = (key: string, value: unknown): Change => ({
  type: 'put',
  key,
  value: new TextEncoder().encode(JSON.stringify(value)),
});
