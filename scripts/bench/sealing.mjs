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
import { cpuSeconds, inTurn, rounded, row, secret } from './measure.mjs';
import { newSketch } from './sketch.mjs';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
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

/** @param path a file of `size` bytes, some MiB */
export async function measureSealing(pool, path, size) {
  const { records, oprf } = benchKeyServers();
  const set = openOprfSet(records);
  const [x, alpha] = [secret(), secret()];
  const share = GIB / size;

  const seal = async () => {
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
    const sealing = sealFile({ size, source: fileSource(path).open() }, context);
    let step = await sealing.next();
    while (!step.done) step = await sealing.next();
    const { blocks, sums, nonce } = step.value;
    const session = { fileId: context.fileId, firstUid: 0, nonce, taggedAt: 1 };
    await finishAllTags(sums, session, { x, alpha }, pool);
    treeHash(blocks.map(({ length, digest }, uid) => leafHash(uid, length, digest)));
  };
  const evaluate = async () => {
    for (let extent = 0; extent < size / EXTENT; extent += GROUP) {
      const taus = Array.from({ length: GROUP }, () => randomBytes(32));
      await evaluateAll(set, taus, oprf, randomBytes);
    }
  };
  const sketch = await newSketch(path, size, { x, alpha }, Math.min(2, availableParallelism()));
  const [sealed, sketched, evaluated] = await inTurn(3, [seal, sketch.run, evaluate]);
  await sketch.close();
  const of = `1 GiB in blocks of 256 KiB (${size / MIB} MiB measured)`;
  const apart = sealed.cpu - evaluated.cpu;
  return [
    row(`encrypt, OPRF, tag, tree: ${of}`, sealed.wall * share, 's', {
      most: 8,
      aim: 6,
      beside: `sketch, no OPRF: ${rounded(sketched.wall * share)} s; paper 004 figure 12: 12 s`,
    }),
    row('the same', sealed.cpu * share, 'CPU-s', {
      beside: `OPRF ${rounded(evaluated.cpu * share)}, sketch ${rounded(sketched.cpu * share)} CPU-s`,
    }),
    row('the same against the sketch, CPU, OPRF apart', apart / sketched.cpu, 'x', { most: 1.3 }),
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
    row('the same against SHA-256 of the file', key.cpu / hash.cpu, 'x', { most: 1.5 }),
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
