/**
 * A body of unknown length is measured before it is sealed: meanwhile it waits on disk under a key that only this process
 * has, in a file that has no name any more. What a crash leaves of it nobody can read, and nobody can find.
 *
 * @module
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { PlainFile } from '@holdfast/protocol/pipeline.js';

const ALGORITHM = 'aes-256-ctr';
const CHUNK = 1_048_576;

/**
 * (Agent) Runs `work` with the bytes and their number.
 *
 * @param length - undefined where nobody has said it.
 * @param folder - where what is measured may wait.
 * @throws `STORE_FULL`; what the source throws.
 */
export async function withSize<T>(
  bytes: AsyncIterable<Uint8Array>,
  length: number | undefined,
  folder: string,
  work: (file: PlainFile) => Promise<T>,
): Promise<T> {
  if (length !== undefined) return work({ size: length, source: bytes });
  const file = await openNameless(folder);
  try {
    const [key, iv] = [randomBytes(32), randomBytes(16)];
    const size = await write(file, bytes, key, iv);
    return await work({ size, source: read(file, size, key, iv) });
  } finally {
    await file.close();
  }
}

async function openNameless(folder: string): Promise<FileHandle> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, randomBytes(16).toString('hex'));
  const file = await open(path, 'wx+', 0o600);
  await rm(path);
  return file;
}

async function write(
  file: FileHandle,
  bytes: AsyncIterable<Uint8Array>,
  key: Uint8Array,
  iv: Uint8Array,
): Promise<number> {
  const cipher = createCipheriv(ALGORITHM, key, iv);
  let size = 0;
  for await (const chunk of bytes) {
    await file.writeFile(cipher.update(chunk)).catch(whereFull);
    size += chunk.length;
  }
  return size;
}

function whereFull(cause: unknown): never {
  if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
  throw new HoldfastError('STORE_FULL', 'no room to measure a body of unknown length', { cause });
}

async function* read(
  file: FileHandle,
  size: number,
  key: Uint8Array,
  iv: Uint8Array,
): AsyncGenerator<Uint8Array, void> {
  const decipher = createDecipheriv(ALGORITHM, key, iv);
  for (let at = 0; at < size;) {
    const buffer = Buffer.alloc(Math.min(CHUNK, size - at));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) throw new Error('bug: a measured body that ends early');
    at += bytesRead;
    yield new Uint8Array(decipher.update(buffer.subarray(0, bytesRead)));
  }
}
