import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concat, hex, u32be, u64be } from '@holdfast/protocol/bytes.js';
import { fileDag } from '@holdfast/protocol/file-cid.js';
import { paddedSize } from '@holdfast/protocol/padding.js';
import { sealFile } from '@holdfast/protocol/pipeline.js';
import { newSectorSummer, sectorsOf } from '@holdfast/protocol/tag.js';
import { oprfOf } from '../support/key-server.ts';
import { RUNS, seededRandom } from '../support/property.ts';
import { refusalOfAsync } from '../support/refusal.ts';
import { inChunks, keyServers, manyBytes, sealContext, sealed } from '../support/sealing.ts';
import { secondContent } from '../support/second-content.ts';

const MIB = 1_048_576;
const privateKeys = keyServers.map(({ privateKey }) => privateKey);
const sha256 = (bytes: Uint8Array) => hex(createHash('sha256').update(bytes).digest());

describe('a sealed file', () => {
  it.each([
    ['no byte', 0, 65_536, true],
    ['one byte', 1, 262_144, true],
    ['one block without padding', 65_536, 65_536, false],
    ['one block and a byte', 65_537, 65_536, false],
    ['an extent', 4 * MIB, 262_144, true],
    ['an extent with the longest tail that joins it', 5 * MIB - 1, 65_536, false],
    ['an extent and the shortest tail of its own', 5 * MIB, 262_144, false],
    ['three extents, padded into further cells', 10 * MIB + 77, 262_144, true],
  ])('is what the specification says, for %s', async (_, size, blockSize, padding) => {
    const plaintext = manyBytes(size);
    const { file, content } = await sealed(plaintext, { blockSize, padding });
    const padded = paddedSize(size, padding);
    const second = secondContent(plaintext, padded, privateKeys, file.oprfSetId);
    expect(hex(file.tau)).toBe(hex(second.tau));
    expect(hex(file.fileKey)).toBe(hex(second.fileKey));
    expect(hex(file.fingerprint)).toBe(hex(second.fingerprint));
    expect(sha256(content.subarray(0, padded))).toBe(sha256(second.ciphertext));
    expect(hex(content.subarray(padded))).toBe(hex(second.manifest));
    expect(file.manifestSize).toBe(second.manifest.length);
  });

  it('comes in blocks of the layout, each with digest and sector sum, under one CID', async () => {
    const { blocks, file } = await sealed(manyBytes(300_000), { padding: true });
    const sumOf = newSectorSummer(7n, sectorsOf(65_536));
    const lengths = [65_536, 65_536, 65_536, 65_536, 40_960, 108];
    expect(blocks.map(({ length }) => length)).toEqual(lengths);
    expect(blocks.map(({ index }) => index)).toEqual(lengths.map((_, i) => i));
    for (const { index, ciphertext, digest, sectorSum, length } of blocks) {
      expect(hex(digest)).toBe(sha256(ciphertext));
      expect(sectorSum).toEqual(sumOf(ciphertext));
      expect(ciphertext).toHaveLength(length);
      expect(file.blocks[index]).toEqual({ length, digest });
      expect(file.sums[index]).toEqual(sectorSum);
    }
    expect(file.blockCount).toBe(lengths.length);
    expect(file.cid).toEqual(fileDag(file.blocks).cid);
  });

  it('is the same for every owner, blinding and chunking, but for the nonce of its tags', async () => {
    const bytes = manyBytes(700_000);
    const first = await sealed(bytes);
    const chunkLengths = fc.array(fc.nat(100_000), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(chunkLengths, fc.nat(), async (lengths, seed) => {
        const fileId = seededRandom(seed)(32);
        const chunks = inChunks(bytes, [...lengths, 100_000]);
        const other = await sealed(bytes, { fileId, random: seededRandom(seed) }, chunks);
        expect(sha256(other.content)).toBe(sha256(first.content));
        expect(other.file.fileKey).toEqual(first.file.fileKey);
        expect(other.file.nonce).not.toEqual(first.file.nonce);
      }),
      { ...RUNS, numRuns: 6 },
    );
  });

  it('has the same ciphertext whatever the size of its blocks', async () => {
    const bytes = manyBytes(5 * MIB + 5);
    const [small, large] = await Promise.all(
      [65_536, 262_144].map((blockSize) => sealed(bytes, { blockSize })),
    );
    expect(sha256(small?.content ?? bytes)).toBe(sha256(large?.content ?? bytes));
  });

  it('shares the ciphertext of an extent with a file that has it at the same offset', async () => {
    const shared = manyBytes(4 * MIB);
    const one = await sealed(concat(shared, manyBytes(2 * MIB, 2)));
    const two = await sealed(concat(shared, manyBytes(3 * MIB, 3)));
    expect(sha256(one.content.subarray(0, 4 * MIB))).toBe(sha256(two.content.subarray(0, 4 * MIB)));
    const rest = ({ content }: typeof one) => sha256(content.subarray(4 * MIB, 5 * MIB));
    expect(rest(one)).not.toBe(rest(two));
  });

  it('has other keys under other key servers', async () => {
    const bytes = manyBytes(100);
    const [alder] = keyServers;
    const change = { keyServers: [alder.record], oprf: oprfOf([alder]) };
    const [both, one] = [await sealed(bytes), await sealed(bytes, change)];
    expect(one.file.fileKey).not.toEqual(both.file.fileKey);
    expect(one.file.oprfSetId).not.toEqual(both.file.oprfSetId);
  });
});

describe('the nonce of its tags', () => {
  it('is a MAC of all that decides the ciphertext', async () => {
    const [fileId, nonceKey] = [new Uint8Array(32).fill(8), new Uint8Array(32).fill(9)];
    const { file } = await sealed(manyBytes(1000), { fileId, nonceKey });
    const mac = createHmac('sha256', nonceKey)
      .update(concat(fileId, u64be(0), file.tau, file.oprfSetId, u32be(65_536), u64be(1024)))
      .digest();
    expect(hex(file.nonce)).toBe(hex(mac.subarray(0, 16)));
  });

  it('changes with the content, the block size and the padding', async () => {
    const bytes = manyBytes(1001);
    const nonces = await Promise.all([
      sealed(bytes),
      sealed(manyBytes(1001, 2)),
      sealed(bytes, { blockSize: 262_144 }),
      sealed(bytes, { padding: false }),
    ]);
    expect(new Set(nonces.map(({ file }) => hex(file.nonce))).size).toBe(4);
  });
});

describe('the key servers', () => {
  type Asked = { mspId: string; elements: number }[];
  const askedFor = async (bytes: Uint8Array) => {
    const asked: Asked = [];
    await sealed(bytes, { oprf: oprfOf(keyServers, asked) });
    return asked.filter(({ mspId }) => mspId === 'Alder').map(({ elements }) => elements);
  };

  it('are asked once for a file of one extent', async () => {
    expect(await askedFor(manyBytes(10))).toEqual([1]);
  });

  it('are asked for four extents a call, and for the file with the last of them', async () => {
    expect(await askedFor(manyBytes(18 * MIB))).toEqual([4, 2]);
  });

  it('are asked once for extents that repeat', async () => {
    expect(await askedFor(new Uint8Array(12 * MIB))).toEqual([2]);
  });

  it('make the pipeline fail, and name themselves, where one answers falsely later', async () => {
    const honest = oprfOf(keyServers);
    let calls = 0;
    const refusal = await refusalOfAsync(
      sealed(manyBytes(20 * MIB), {
        oprf: async (mspId, blinded) => {
          calls += 1;
          const answers = await honest(mspId, blinded);
          return calls === 4 ? answers.toReversed() : answers;
        },
      }),
    );
    expect(refusal.code).toBe('ANSWER_FALSE');
    expect(refusal.detail).toMatch(/Alder|Birch/);
  });
});

describe('the source of a file', () => {
  it.each([
    ['shorter', 999, /ends after 999 of 1000/],
    ['longer', 1001, /goes on after 1000/],
  ])('is refused where it is %s than its size, before a byte leaves', async (_, given, words) => {
    const source = inChunks(manyBytes(given));
    const sealing = sealFile({ size: 1000, source }, await sealContext());
    const refusal = await refusalOfAsync(sealing.next());
    expect(refusal.code).toBe('INPUT_INVALID');
    expect(refusal.detail).toMatch(words);
  });

  it('is refused at its end where it is longer, so there is no manifest', async () => {
    const size = 17 * MIB;
    const source = inChunks(manyBytes(size + 1));
    const sealing = sealFile({ size, source }, await sealContext());
    let yielded = 0;
    const refusal = await refusalOfAsync(
      (async () => {
        for await (const { length } of sealing) yielded += length;
      })(),
    );
    expect(refusal.code).toBe('INPUT_INVALID');
    expect(yielded).toBe(16 * MIB);
  });

  it('passes its own failure on', async () => {
    const source = (async function* () {
      yield manyBytes(500);
      throw new Error('the disk is gone');
    })();
    const sealing = sealFile({ size: 1000, source }, await sealContext());
    await expect(sealing.next()).rejects.toThrow('the disk is gone');
  });

  it('is read at most nine extents ahead of what has left, into rooms that are taken again', async () => {
    const size = 64 * MIB;
    let read = 0;
    const source = (async function* () {
      const chunk = manyBytes(MIB);
      for (; read < size; read += MIB) yield chunk;
    })();
    const context = await sealContext({ blockSize: 262_144 });
    let [left, ahead] = [0, 0];
    const rooms = new Set<ArrayBufferLike>();
    const digests: string[] = [];
    for await (const { ciphertext, length } of sealFile({ size, source }, context)) {
      ahead = Math.max(ahead, read - left);
      left += length;
      rooms.add(ciphertext.buffer);
      digests.push(sha256(ciphertext));
    }
    expect(read).toBe(size);
    expect(ahead).toBeLessThanOrEqual(9 * 4 * MIB);
    expect(rooms.size).toBeLessThanOrEqual(10); // nine, and that of the manifest
    // each extent is the same, so each must come out as the first did
    const data = digests.slice(0, size / 262_144);
    expect(data).toEqual(data.map((_, i) => digests[i % 16]));
    expect(new Set(data).size).toBe(16);
  });

  it('is closed where nobody takes the rest', async () => {
    let isClosed = false;
    const source = (async function* () {
      try {
        for (;;) yield manyBytes(MIB);
      } finally {
        isClosed = true;
      }
    })();
    for await (const { index } of sealFile({ size: 64 * MIB, source }, await sealContext())) {
      if (index === 3) break;
    }
    expect(isClosed).toBe(true);
  });
});
