import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as dagPb from '@ipld/dag-pb';
import fc from 'fast-check';
import { UnixFS } from 'ipfs-unixfs';
import { importer } from 'ipfs-unixfs-importer';
import { fixedSize } from 'ipfs-unixfs-importer/chunker';
import type { CID } from 'multiformats/cid';
import { blockCid, fileDag, type FileDag } from '@holdfast/protocol/file-cid.js';
import { RUNS, seededRandom } from '../support/property.ts';
import { codeOf } from '../support/refusal.ts';

const random = seededRandom();
const digestOf = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest());

/** Our DAG over chunks of these lengths. */
const ours = (chunks: readonly Uint8Array[]): FileDag =>
  fileDag(chunks.map((bytes) => ({ length: bytes.length, digest: digestOf(bytes) })));

function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let offset = 0;
  return lengths.map((length) => bytes.subarray(offset, (offset += length)));
}

type Chunker = (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** js-ipfs's importer under Kubo's profile, with every node it stores. */
async function theirs(
  bytes: Uint8Array,
  chunker: Chunker,
): Promise<{ cid: CID | undefined; stored: Map<string, Uint8Array> }> {
  const stored = new Map<string, Uint8Array>();
  const put = async (cid: CID, block: Uint8Array) => {
    stored.set(cid.toString(), block);
    return cid;
  };
  const content = (async function* () {
    yield bytes;
  })();
  let cid: CID | undefined;
  const options = { profile: 'unixfs-v1-2025', chunker } as const;
  for await (const entry of importer([{ content }], { put }, options)) ({ cid } = entry);
  return { cid, stored };
}

describe('the CID of a file', () => {
  it.each([
    ['no byte', 0],
    ['one byte', 1],
    ['one block', 16],
    ['one block and a byte', 17],
    ['1,024 blocks', 1024 * 16],
    ['1,025 blocks', 1025 * 16],
    ['1,024 blocks and a byte', 1024 * 16 + 1],
  ])('is the importer’s for %s', async (_, size) => {
    const bytes = random(size);
    const lengths = Array.from({ length: Math.max(1, Math.ceil(size / 16)) }, (__, i) =>
      Math.min(16, size - 16 * i),
    );
    const { cid } = await theirs(bytes, fixedSize({ chunkSize: 16 }));
    expect(ours(cut(bytes, lengths)).cid.toString()).toBe(cid?.toString());
  });

  it('is the importer’s for blocks of any lengths, a short one before the manifest’s', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(lengths, async (chosen) => {
        const bytes = random(chosen.reduce((sum, length) => sum + length, 0));
        const chunks = cut(bytes, chosen);
        const { cid, stored } = await theirs(bytes, async function* () {
          yield* chunks;
        });
        const dag = ours(chunks);
        expect(dag.cid.toString()).toBe(cid?.toString());
        for (const node of dag.nodes) {
          expect(stored.get(node.cid.toString())).toEqual(node.bytes);
        }
      }),
      RUNS,
    );
  });

  it('changes with a digest, a length, and the order of blocks', () => {
    const [one, two] = [random(8), random(8)];
    const block = (bytes: Uint8Array) => ({ length: bytes.length, digest: digestOf(bytes) });
    const whole = fileDag([block(one), block(two)]).cid.toString();
    const others = [
      fileDag([block(two), block(one)]),
      fileDag([block(one), block(random(8))]),
      fileDag([block(one), { ...block(two), length: 9 }]),
    ];
    expect(others.map(({ cid }) => cid.toString())).not.toContain(whole);
  });

  it('names a tree of 1,025 leaves whose every child comes before its parent', () => {
    const chunks = cut(
      random(1025 * 4),
      Array.from({ length: 1025 }, () => 4),
    );
    const dag = ours(chunks);
    const known = new Set(chunks.map((bytes) => blockCid(digestOf(bytes)).toString()));
    for (const { cid, bytes } of dag.nodes) {
      const { Links } = dagPb.decode(bytes);
      expect(Links.length).toBeLessThanOrEqual(1024);
      for (const link of Links) expect(known).toContain(link.Hash.toString());
      known.add(cid.toString());
    }
    const root = dagPb.decode(dag.nodes.at(-1)?.bytes ?? new Uint8Array());
    expect(UnixFS.unmarshal(root.Data ?? new Uint8Array()).fileSize()).toBe(4100n);
    expect(dag.nodes.at(-1)?.cid).toEqual(dag.cid);
  });

  it('is refused to a file without a block', () => {
    expect(codeOf(() => fileDag([]))).toBe('INPUT_INVALID');
  });
});
