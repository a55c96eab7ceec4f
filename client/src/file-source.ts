/**
 * A file of this machine as a source.
 *
 * @module
 */
import { statSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { EXTENT_BYTES } from '@holdfast/protocol/extents.js';
import type { Source } from './source.ts';

/** @throws `NOT_FOUND` where there is no such file, `INPUT_INVALID` where it is none. */
export function fileSource(path: string): Source {
  const stats = statOf(path);
  if (!stats.isFile()) throw new HoldfastError('INPUT_INVALID', `${path} is not a file`);
  return {
    size: stats.size,
    modifiedAt: Math.floor(stats.mtimeMs),
    // no program can set the time of the last change, so other bytes are another source, whatever they claim
    key: `${resolve(path)} ${stats.ctimeMs}`,
    open: () => chunksOf(path),
  };
}

/** Each chunk in the place of the one before: a new one each would keep the collector busy. */
async function* chunksOf(path: string): AsyncGenerator<Uint8Array, void> {
  const file = await open(path);
  try {
    const chunk = new Uint8Array(EXTENT_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(chunk);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw new HoldfastError('NOT_FOUND', `no file at ${path}`, { cause });
  }
}
