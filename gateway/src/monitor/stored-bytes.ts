/**
 * How many bytes the folders of storage nodes hold: counted now and then in the background, for it takes a look at each file.
 *
 * @module
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** At most a sixtieth of the time goes into counting. */
const REST = 60;
const LEAST_REST_MS = 15_000;

export interface StoredBytes {
  /** As last counted; without those that have never been. Begins to count again where that was long ago. */
  latest(): ReadonlyMap<string, number>;
}

/** (Provider) @param folders - of nodes, by their names; one that cannot be read has no figure. */
export function newStoredBytes(
  folders: ReadonlyMap<string, string>,
  monotonicMs: () => number,
  signal: AbortSignal,
): StoredBytes {
  let counted: ReadonlyMap<string, number> = new Map();
  let isCounting = false;
  let nextAt = -Infinity;

  async function count(): Promise<void> {
    isCounting = true;
    const began = monotonicMs();
    const found = new Map<string, number>();
    for (const [node, folder] of folders) {
      const bytes = await bytesIn(folder, signal).catch(() => undefined);
      if (bytes !== undefined) found.set(node, bytes);
    }
    counted = found;
    nextAt = monotonicMs() + Math.max(LEAST_REST_MS, REST * (monotonicMs() - began));
    isCounting = false;
  }

  return {
    latest() {
      if (!isCounting && monotonicMs() >= nextAt && !signal.aborted) void count();
      return counted;
    },
  };
}

async function bytesIn(folder: string, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    signal.throwIfAborted();
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await bytesIn(path, signal);
    // it may have gone meanwhile
    else bytes += (await stat(path).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
