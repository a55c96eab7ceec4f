/**
 * What a gateway itself remembers: everything here can be lost without losing a file.
 *
 * One database, one table a purpose, JSON values; a write resolves when it is on disk.
 *
 * @module
 */
import { utf8 } from '@holdfast/protocol/bytes.js';
import { openDatabase } from './storage/database.ts';

/** A table of JSON records under text keys. */
export interface Table<T> {
  get(key: string): Promise<T | undefined>;
  put(key: string, value: T): Promise<void>;
  delete(key: string): Promise<void>;
  /** In the order of keys, those of `from` (exclusive) to `to` (exclusive) where given. */
  entries(range?: Range): AsyncIterable<readonly [key: string, value: T]>;
}

export interface Range {
  readonly after?: string;
  readonly before?: string;
  readonly limit?: number;
  readonly reverse?: boolean;
}

/** One change of a batch that takes effect as a whole or not at all. */
export interface Change {
  readonly table: string;
  readonly key: string;
  /** Absent: the record goes. */
  readonly value?: unknown;
}

export interface Store {
  table<T>(name: string): Table<T>;
  /** Durable as a whole when resolved. */
  batch(changes: readonly Change[]): Promise<void>;
  /** Rewrites the files, so that what was replaced or deleted is in none of them. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

const FORMAT = '1';

/** Opens or creates the database in `folder`; only one process can hold it. @throws as {@link openDatabase}. */
export async function openStore(folder: string): Promise<Store> {
  const database = await openDatabase(folder, FORMAT);
  const { level } = database;
  // a table's keys start with its name and a byte that no name holds
  const keyOf = (table: string, key: string): string => `${table}\u0000${key}`;
  const batch = (changes: readonly Change[]): Promise<void> =>
    database.write(
      changes.map(({ table, key, value }) =>
        value === undefined
          ? { type: 'del', key: keyOf(table, key) }
          : { type: 'put', key: keyOf(table, key), value: utf8(JSON.stringify(value)) },
      ),
    );
  const json = { valueEncoding: 'json' } as const;
  return {
    table: <T>(name: string): Table<T> => ({
      get: async (key) =>
        (await level.get<string, unknown>(keyOf(name, key), json)) as T | undefined,
      put: (key, value) => batch([{ table: name, key, value }]),
      delete: (key) => batch([{ table: name, key }]),
      async *entries({ after, before, limit, reverse } = {}) {
        const range = {
          ...json,
          gt: keyOf(name, after ?? ''),
          lt: before === undefined ? `${name}\u0001` : keyOf(name, before),
          limit: limit ?? -1,
          reverse: reverse ?? false,
        };
        for await (const [key, value] of level.iterator<string, unknown>(range)) {
          yield [key.slice(name.length + 1), value as T] as const;
        }
      },
    }),
    batch,
    compact: () => level.compactRange('', '\u{10ffff}'),
    close: () => database.close(),
  };
}
