/**
 * A file of this machine as a source.
 *
 * @module
 */
import { createReadStream, statSync, type Stats } from 'node:fs';
import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { Source } from './source.ts';

const CHUNK = 2 ** 20;

/** @throws `NOT_FOUND` where there is no such file, `INPUT_INVALID` where it is none. */
export function fileSource(path: string): Source {
  const stats = statOf(path);
  if (!stats.isFile()) throw new HoldfastError('INPUT_INVALID', `${path} is not a file`);
  return {
    size: stats.size,
    modifiedAt: Math.floor(stats.mtimeMs),
    key: resolve(path),
    open: () => createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Uint8Array>,
  };
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw new HoldfastError('NOT_FOUND', `no file at ${path}`, { cause });
  }
}
