import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoredBlock } from '@holdfast/protocol/file-cid.js';
import { sealManifest } from '@holdfast/protocol/manifest.js';
import {
  contentRange,
  openFile,
  openStoredFile,
  type ByteRange,
  type OpenedFile,
} from '@holdfast/protocol/open-file.js';
import { platform } from '@holdfast/protocol/platform/node.js';
import { RUNS } from '../support/property.ts';
import { codeOf, refusalOfAsync } from '../support/refusal.ts';
import { inChunks, joined, manyBytes, sealed, type Sealed } from '../support/sealing.ts';
import { flipped } from '../support/tamper.ts';

const MIB = 1_048_576;

const manifestOf = ({ file, content }: Sealed) => content.subarray(file.paddedSize);
const opened = (one: Sealed): Promise<OpenedFile> =>
  openStoredFile(one.file.blocks, manifestOf(one), one.file.fileKey);

describe('opening a stored file', () => {
  it.each([
    ['no byte', 0],
    ['one byte', 1],
    ['a block', 65_536],
    ['two extents and padding', 9 * MIB + 3],
  ])('gives back %s', async (_, size) => {
    const plaintext = manyBytes(size);
    for (const padding of [true, false]) {
      const stored = await sealed(plaintext, { padding });
      const file = await opened(stored);
      expect(file.manifest.size).toBe(size);
      expect(file.manifest.oprfSetId).toEqual(stored.file.oprfSetId);
      const back = await joined(openFile(file, inChunks(stored.content)));
      expect(Buffer.compare(back, plaintext)).toBe(0);
    }
  });
});

describe.each([65_536, 262_144])('a file of three extents in blocks of %d', (blockSize) => {
  const size = 10 * MIB + 12_345;
  const plaintext = manyBytes(size);
  let stored: Sealed;
  let file: OpenedFile;

  beforeAll(async () => {
    stored = await sealed(plaintext, { blockSize });
    file = await opened(stored);
  });

  const fetched = ({ start, end }: ByteRange) => stored.content.subarray(start, end);

  it('opens at any range from exactly the bytes of its content range', async () => {
    const bound = fc.nat(size);
    await fc.assert(
      fc.asyncProperty(
        bound,
        bound,
        fc.integer({ min: 4_000, max: 99_999 }),
        async (a, b, chunk) => {
          const range = { start: Math.min(a, b), end: Math.max(a, b) };
          const needed = contentRange(file, range);
          const content = inChunks(fetched(needed), [chunk]);
          const part = await joined(openFile(file, content, range));
          expect(Buffer.compare(part, plaintext.subarray(range.start, range.end))).toBe(0);
          expect(needed.start).toBe(needed.firstBlock * blockSize);
        },
      ),
      RUNS,
    );
  });

  it.each([
    ['its first byte', 0, 1],
    ['its last byte', size - 1, size],
    ['both sides of a cell', 262_143, 262_145],
    ['both sides of an extent', 4 * MIB - 1, 4 * MIB + 1],
  ])('opens at %s', async (_, start, end) => {
    const needed = contentRange(file, { start, end });
    const part = await joined(openFile(file, inChunks(fetched(needed)), { start, end }));
    expect(part).toEqual(plaintext.slice(start, end));
    expect(needed.end - needed.start).toBeLessThanOrEqual(262_144 + 2 * blockSize);
  });

  it('needs nothing for an empty range', async () => {
    const nowhere = { start: 300_000, end: 300_000 };
    expect(contentRange(file, nowhere)).toEqual({ start: 0, end: 0, firstBlock: 0 });
    expect(await joined(openFile(file, inChunks(new Uint8Array()), nowhere))).toHaveLength(0);
  });

  it.each([
    [-1, 5],
    [5, 4],
    [0, size + 1],
    [0.5, 2],
    [Number.NaN, 2],
  ])('refuses a range from %d to %d', (start, end) => {
    expect(codeOf(() => contentRange(file, { start, end }))).toBe('INPUT_INVALID');
  });

  it('lets no byte of a changed block out, and names the block', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(8 * size - 1), async (bit) => {
        const left: Uint8Array[] = [];
        const refusal = await refusalOfAsync(
          (async () => {
            const changed = stored.content.slice();
            changed.set(flipped(changed.subarray(bit >> 3, (bit >> 3) + 1), bit & 7), bit >> 3);
            for await (const bytes of openFile(file, inChunks(changed))) left.push(bytes);
          })(),
        );
        const block = Math.floor(bit / 8 / blockSize);
        expect(refusal.code).toBe('ANSWER_FALSE');
        expect(refusal.detail).toContain(`block ${block} `);
        const out = Buffer.concat(left);
        expect(out.length).toBeLessThanOrEqual(block * blockSize);
        expect(Buffer.compare(out, plaintext.subarray(0, out.length))).toBe(0);
      }),
      { ...RUNS, numRuns: 6 },
    );
  });

  it('refuses content that is cut short, or begins elsewhere', async () => {
    const cut = stored.content.subarray(0, 9 * MIB);
    const late = stored.content.subarray(1);
    for (const content of [cut, late, new Uint8Array()]) {
      const refusal = await refusalOfAsync(joined(openFile(file, inChunks(content))));
      expect(refusal.code).toBe('ANSWER_FALSE');
    }
  });

  it('reads no further than the range asks', async () => {
    let read = 0;
    const content = (async function* () {
      for await (const chunk of inChunks(stored.content)) {
        read += chunk.length;
        yield chunk;
      }
    })();
    await joined(openFile(file, content, { start: 0, end: 10 }));
    expect(read).toBeLessThanOrEqual(blockSize);
  });

  it('is not opened by another key', async () => {
    const key = flipped(stored.file.fileKey);
    const refused = openStoredFile(stored.file.blocks, manifestOf(stored), key);
    expect((await refusalOfAsync(refused)).code).toBe('KEY_INVALID');
  });

  it('is not opened by a manifest that is not the content of its last blocks', async () => {
    const manifest = manifestOf(stored);
    const wrong = [
      flipped(manifest, 200),
      manifest.slice(1),
      stored.content.slice(stored.file.paddedSize - 1),
      new Uint8Array(16 * MIB),
      new Uint8Array(),
    ];
    for (const one of wrong) {
      const refused = openStoredFile(stored.file.blocks, one, stored.file.fileKey);
      expect((await refusalOfAsync(refused)).code).toBe('ANSWER_FALSE');
    }
    const { blocks, fileKey } = stored.file;
    const all = openStoredFile(blocks.slice(-1), stored.content, fileKey);
    expect((await refusalOfAsync(all)).code).toBe('ANSWER_FALSE');
  });

  it('is not opened where its author’s manifest speaks of more than is stored', async () => {
    const { fileKey, blocks, dataBlocks } = stored.file;
    const extents = [{ length: 99 * MIB, key: new Uint8Array(32) }];
    const lie = { size: 99 * MIB, oprfSetId: new Uint8Array(32), extents };
    const manifest = await sealManifest(fileKey, lie);
    const digest = platform.sha256(manifest);
    const last: StoredBlock = { length: manifest.length, digest };
    const refused = openStoredFile([...blocks.slice(0, dataBlocks), last], manifest, fileKey);
    expect((await refusalOfAsync(refused)).code).toBe('INPUT_INVALID');
  });
});
