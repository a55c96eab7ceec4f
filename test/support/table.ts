/** Tables of a gateway's store, in memory. */
import type { Table } from '../../gateway/src/store.ts';

/** A table in memory. */
export function newTable<T>(): Table<T> {
  const rows = new Map<string, T>();
  return {
    get: async (key) => rows.get(key),
    put: async (key, value) => void rows.set(key, value),
    delete: async (key) => void rows.delete(key),
    async *entries() {
      yield* rows;
    },
  };
}

export async function keysOf(table: Table<unknown>): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of table.entries()) keys.push(key);
  return keys;
}
