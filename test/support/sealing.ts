/** A file sealed by the real pipeline with the test key servers, as the tests of both directions need it. */
import { createCipheriv } from 'node:crypto';
import { ready } from '@holdfast/protocol/curve.js';
import {
  sealFile,
  type SealContext,
  type SealedBlock,
  type SealedFile,
} from '@holdfast/protocol/pipeline.js';
import { oprfOf, testKeyServers } from './key-server.ts';
import { seededRandom } from './property.ts';

export const keyServers = testKeyServers();

/** Megabytes of bytes that are the same in every run: a key stream. */
export function manyBytes(length: number, seed = 1): Uint8Array {
  const cipher = createCipheriv('aes-256-ctr', Buffer.alloc(32, seed), Buffer.alloc(16));
  return new Uint8Array(cipher.update(Buffer.alloc(length)));
}

/** The bytes in chunks of these lengths, over and over. */
export async function* inChunks(
  bytes: Uint8Array,
  lengths: readonly number[] = [65_536],
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (let i = 0; offset < bytes.length; i++) {
    const length = lengths[i % lengths.length] ?? 1;
    yield bytes.subarray(offset, offset + length);
    offset += length;
  }
}

/** What an owner has at hand; the sector sums are those of a real tag key. */
export async function sealContext(change: Partial<SealContext> = {}): Promise<SealContext> {
  await ready();
  return {
    fileId: new Uint8Array(32).fill(1),
    nonceKey: new Uint8Array(32).fill(2),
    blockSize: 65_536,
    padding: true,
    keyServers: keyServers.map(({ record }) => record),
    oprf: oprfOf(keyServers),
    alpha: 7n,
    random: seededRandom(),
    ...change,
  };
}

export interface Sealed {
  readonly blocks: readonly SealedBlock[];
  readonly file: SealedFile;
  /** Padded ciphertext, then manifest. */
  readonly content: Uint8Array;
}

export async function sealed(
  plaintext: Uint8Array,
  change: Partial<SealContext> = {},
  source: AsyncIterable<Uint8Array> = inChunks(plaintext),
): Promise<Sealed> {
  const context = await sealContext(change);
  const sealing = sealFile({ size: plaintext.length, source }, context);
  const blocks: SealedBlock[] = [];
  for (;;) {
    const next = await sealing.next();
    if (next.done === true) {
      const content = Buffer.concat(blocks.map(({ ciphertext }) => ciphertext));
      return { blocks, file: next.value, content: new Uint8Array(content) };
    }
    blocks.push({ ...next.value, ciphertext: next.value.ciphertext.slice() });
  }
}

/** All that an iterable yields, joined. */
export async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new Uint8Array(Buffer.concat(parts));
}
