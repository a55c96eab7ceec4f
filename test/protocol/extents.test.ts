import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newByteReader } from '@holdfast/protocol/byte-reader.js';
import { hex } from '@holdfast/protocol/bytes.js';
import { extentCount, extentLength, readExtents, type Extent } from '@holdfast/protocol/extents.js';
import { treeRoot } from '@holdfast/protocol/merkle.js';
import { RUNS } from '../support/property.ts';
import { refusalOfAsync } from '../support/refusal.ts';
import { inChunks, joined, manyBytes } from '../support/sealing.ts';

const MIB = 1_048_576;
const size = fc.maxSafeNat().map((value) => value % 2 ** 45);

async function extentsOf(bytes: Uint8Array, chunk = 65_536): Promise<Extent[]> {
  const extents: Extent[] = [];
  for await (const extent of readExtents(inChunks(bytes, [chunk]), bytes.length)) {
    extents.push(extent);
  }
  return extents;
}

const rootOf = (bytes: Uint8Array): string => {
  const leaves: Uint8Array[] = [];
  for (let i = 0; i < bytes.length; i += 262_144) {
    const leaf = createHash('sha256').update(Uint8Array.of(0));
    leaves.push(leaf.update(bytes.subarray(i, i + 262_144)).digest());
  }
  return hex(treeRoot(leaves));
};

describe('extents', () => {
  it.each([
    [0, [0]],
    [1, [1]],
    [4 * MIB, [4 * MIB]],
    [5 * MIB - 1, [5 * MIB - 1]],
    [5 * MIB, [4 * MIB, MIB]],
    [8 * MIB, [4 * MIB, 4 * MIB]],
    [8 * MIB + 1, [4 * MIB, 4 * MIB + 1]],
    [9 * MIB, [4 * MIB, 4 * MIB, MIB]],
  ])('of %d bytes are %j', (bytes, lengths) => {
    expect(extentCount(bytes)).toBe(lengths.length);
    expect(lengths.map((_, index) => extentLength(bytes, index))).toEqual(lengths);
  });

  it('never have a tail under 1 MiB beside others, and add up', () => {
    fc.assert(
      fc.property(size, (bytes) => {
        const count = extentCount(bytes);
        const last = extentLength(bytes, count - 1);
        expect((count - 1) * 4 * MIB + last).toBe(bytes);
        expect(last).toBeLessThan(5 * MIB);
        expect(count === 1 || last >= MIB).toBe(true);
      }),
      RUNS,
    );
  });

  it('of a file without a byte are one, whose tau is the root of no leaves', async () => {
    const [only, ...others] = await extentsOf(new Uint8Array());
    const empty = createHash('sha256').digest('hex');
    expect(others).toEqual([]);
    expect(only?.bytes).toHaveLength(0);
    expect(hex(only?.tau ?? new Uint8Array())).toBe(empty);
    expect(hex(only?.fileTau ?? new Uint8Array())).toBe(empty);
  });

  it.each([1, 262_144, 262_145, 4 * MIB, 5 * MIB + 3, 10 * MIB])(
    'of %d bytes carry the roots over their own leaves, the last one the root over all',
    async (bytes) => {
      const plaintext = manyBytes(bytes);
      const extents = await extentsOf(plaintext, 300_001);
      expect(extents.map(({ tau }) => hex(tau))).toEqual(extents.map((one) => rootOf(one.bytes)));
      const wholes = extents.map(({ fileTau }) => (fileTau === undefined ? null : hex(fileTau)));
      const none = extents.slice(1).map(() => null);
      expect(wholes).toEqual([...none, rootOf(plaintext)]);
      expect(Buffer.compare(Buffer.concat(extents.map((one) => one.bytes)), plaintext)).toBe(0);
    },
  );

  it('do not change with a source that uses its buffer again', async () => {
    const plaintext = manyBytes(6 * MIB);
    const reusing = (async function* () {
      const buffer = new Uint8Array(6 * MIB);
      for (let offset = 0; offset < plaintext.length; offset += 2 * MIB) {
        buffer.set(plaintext.subarray(offset, offset + 2 * MIB));
        yield buffer.subarray(0, 2 * MIB);
        buffer.fill(0);
      }
    })();
    const parts: Uint8Array[] = [];
    for await (const { bytes } of readExtents(reusing, plaintext.length)) parts.push(bytes);
    expect(Buffer.compare(Buffer.concat(parts), plaintext)).toBe(0);
  });

  it.each([4, 6])('are refused to a source of %d MiB that promised five', async (given) => {
    const source = inChunks(new Uint8Array(given * MIB));
    const read = async () => {
      for await (const { fileTau } of readExtents(source, 5 * MIB)) expect(fileTau).toBeUndefined();
    };
    expect((await refusalOfAsync(read())).code).toBe('INPUT_INVALID');
  });
});

describe('a reader of bytes', () => {
  it('gives lengths of any kind from chunks of any kind', async () => {
    const lengths = fc.array(fc.nat(9), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(lengths, lengths, async (asked, chunks) => {
        const bytes = manyBytes(asked.reduce((sum, length) => sum + length, 0));
        const reader = newByteReader(inChunks(bytes, [...chunks, 5]));
        const parts: Uint8Array[] = [];
        for (const length of asked) parts.push(await reader.read(length));
        expect(parts.map(({ length }) => length)).toEqual(asked);
        expect(new Uint8Array(Buffer.concat(parts))).toEqual(bytes);
        expect(await reader.finish()).toBeUndefined();
      }),
      RUNS,
    );
  });

  it('gives what is left where a source ends, and says where it goes on', async () => {
    const reader = newByteReader(inChunks(manyBytes(5)));
    expect(await reader.read(4)).toHaveLength(4);
    expect((await refusalOfAsync(reader.finish())).detail).toContain('after 4 bytes');
    expect(await reader.read(4)).toHaveLength(1);
    expect(await reader.read(4)).toHaveLength(0);
  });

  it('answers what its source returned', async () => {
    const source = (async function* () {
      yield Uint8Array.of(1);
      return 'the end';
    })();
    const reader = newByteReader(source);
    await reader.read(1);
    expect(await reader.finish()).toBe('the end');
    expect(await joined(source)).toHaveLength(0);
  });
});
