/** The owner's side of an upload: file key, sealing, tags and tree (paper 000 section 5.2, paper 004 figure 12). */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { leafHash, treeHash } from '@holdfast/protocol/file-root.js';
import { leafDigesting, readExtents } from '@holdfast/protocol/extents.js';
import { fileKey } from '@holdfast/protocol/content-keys.js';
import { treeRoot } from '@holdfast/protocol/merkle.js';
import { evaluateAll, openOprfSet } from '@holdfast/protocol/oprf-set.js';
import { sealFile } from '@holdfast/protocol/pipeline.js';
import { finishAllTags } from '@holdfast/protocol/tag.js';
import { fileSource } from '@holdfast/client/file-source.js';
import { benchKeyServers } from './key-servers.mjs';
import { clockRow, cpuSeconds, inTurn, rounded, row, secret, timed } from './measure.mjs';
import { newSketch } from './sketch.mjs';

const MIB = 2 ** 20;
/** Bytes that threads are warmed up with. */
const WARM = 64 * MIB;
const BLOCK = 262_144;
const EXTENT = 4 * MIB;
/** Inputs of the OPRF in one call, as the pipeline asks. */
const GROUP = 4;

/** Pseudo-random bytes, one MiB at a time: a key stream costs less than what is measured. */
export async function* stream(size) {
  const cipher = createCipheriv('aes-256-ctr', randomBytes(32), randomBytes(16));
  const zeros = Buffer.alloc(MIB);
  for (let left = size; left > 0; left -= MIB) yield cipher.update(zeros.subarray(0, left));
}

/**
 * A whole file each time: no part stands for it, and threads are warm as in a process that runs already.
 *
 * @param path a file of `size` bytes, some MiB
 */
export async function measureSealing(pool, path, size) {
  const { records, oprf } = benchKeyServers();
  const set = openOprfSet(records);
  const [x, alpha] = [secret(), secret()];

  const seal = async (bytes, source) => {
    const context = {
      fileId: randomBytes(32),
      nonceKey: randomBytes(32),
      blockSize: BLOCK,
      padding: false,
      keyServers: records,
      oprf,
      alpha,
      random: randomBytes,
      pool,
    };
    const sealing = sealFile({ size: bytes, source }, context);
    let step = await sealing.next();
    while (!step.done) step = await sealing.next();
    const { blocks, sums, nonce } = step.value;
    const session = { fileId: context.fileId, firstUid: 0, nonce, taggedAt: 1 };
    await finishAllTags(sums, session, { x, alpha }, pool);
    treeHash(blocks.map(({ length, digest }, uid) => leafHash(uid, length, digest)));
  };
  const sealPart = () => seal(WARM, stream(WARM));
  const sealWhole = () => seal(size, fileSource(path).open());
  const evaluate = async () => {
    for (let extent = 0; extent < size / EXTENT; extent += GROUP) {
      const taus = Array.from({ length: GROUP }, () => randomBytes(32));
      await evaluateAll(set, taus, oprf, randomBytes);
    }
  };
  const threads = Math.min(2, availableParallelism());
  const sketch = await newSketch(path, size, { x, alpha }, threads);
  const cold = await timed(sealPart);
  const warm = await timed(sealPart);
  const [sealed, sketched, evaluated] = await inTurn(
    3,
    [sealWhole, sketch.run, evaluate],
    sketch.run,
  );
  await sketch.close();
  const apart = sealed.cpu - evaluated.cpu;
  const sketchCpu = `sketch ${rounded(sketched.cpu)} CPU-s`;
  return [
    clockRow('encrypt, OPRF, tag, tree: 1 GiB in blocks of 256 KiB', sealed, threads, {
      most: 8,
      aim: 6,
      beside: `sketch, no OPRF: ${rounded(sketched.wall)} s; paper 004 figure 12: 12 s`,
    }),
    row('the same', sealed.cpu, 'CPU-s', {
      beside: `OPRF ${rounded(evaluated.cpu)}, ${sketchCpu}; threads that start: ${rounded(cold.cpu - warm.cpu)} more, once`,
    }),
    row('the same against the sketch, CPU, OPRF apart', apart / sketched.cpu, 'x', {
      most: 1.3,
      beside: sketchCpu,
    }),
    ...(await measureFileKey()),
  ];
}

/** Paper 000 figure 7: the key of a file of 100 MB, its bytes at hand; the extents' keys apart. */
async function measureFileKey() {
  const { records, oprf } = benchKeyServers();
  const set = openOprfSet(records);
  const bytes = randomBytes(100e6);
  const keyOf = async (size) => {
    const { leaves } = await leafDigesting.work(bytes.subarray(0, size));
    const [output] = await evaluateAll(set, [treeRoot(leaves)], oprf, randomBytes);
    return fileKey(output, set.id);
  };
  const [hash, key] = await inTurn(7, [
    () => createHash('sha256').update(bytes).digest(),
    () => keyOf(bytes.length),
  ]);
  const others = [];
  for (const mb of [20, 40, 60, 80]) {
    const seconds = await cpuSeconds(3, () => keyOf(mb * 1e6));
    others.push(`${mb} MB ${(1000 * seconds).toFixed(0)} ms`);
  }
  return [
    row('file key for 100 MB', key.cpu, 'CPU-s', {
      most: 0.15,
      beside: `other sizes: ${others.join(', ')}; paper 000 figure 7: about 2 s`,
    }),
    row('the same against SHA-256 of the file', key.cpu / hash.cpu, 'x', {
      most: 1.5,
      beside: `SHA-256: ${rounded(hash.cpu)} CPU-s`,
    }),
    ...(await measureExtentKeys(set, oprf, bytes)),
  ];
}

/** Paper 000 figure 8 has a key a block of 8 or 12 KB; here it is a key an extent of 4 MiB, evaluated with two servers. */
async function measureExtentKeys(set, oprf, bytes) {
  const rows = [];
  for (const mb of [10, 50]) {
    const size = mb * 1e6;
    const work = async () => {
      const taus = [];
      for await (const { tau } of readExtents(whole(bytes.subarray(0, size)), size)) taus.push(tau);
      await evaluateAll(set, taus, oprf, randomBytes);
    };
    rows.push(
      row(`keys of all extents of ${mb} MB, both servers`, await cpuSeconds(3, work), 'CPU-s', {
        beside: 'paper 000 figure 8: keys of blocks of 8 and 12 KB, 10 to 50 MB',
      }),
    );
  }
  return rows;
}

async function* whole(bytes) {
  yield bytes;
}
