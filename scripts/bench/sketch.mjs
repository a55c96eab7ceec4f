/**
 * The yardstick for sealing: the same arithmetic bare, as the sketch of the design measured it. Two passes over a file, one
 * key, a thread for each half; no keys of extents, no stream, no bound on memory, and nothing leaves.
 */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { BASE_1, decodeG1, ready } from '@holdfast/protocol/curve.js';
import { newDotProduct, sectorsOf } from '@holdfast/protocol/kernel.js';
import { memory, SIZE, startedMcl, writeScalar } from '@holdfast/protocol/mcl.js';
import { multiplyByTable, newBaseTable } from '@holdfast/protocol/multi-scalar.js';
import { powers } from '@holdfast/protocol/tag-key.js';

const BLOCK = 262_144;
const TAG = 48;
const DST = 'HOLDFAST-SKETCH-BLS12381G1_XMD:SHA-256_SSWU_RO_';

const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** @returns root over the encrypted blocks' digests, once their tags are made. */
export async function newSketch(path, size, { x, alpha }, threads) {
  const count = size / BLOCK;
  const workers = Array.from({ length: threads }, (_, i) => {
    const [from, to] = [Math.floor((count * i) / threads), Math.floor((count * (i + 1)) / threads)];
    return new Worker(new URL(import.meta.url), { workerData: { path, from, to, x, alpha } });
  });
  const all = async (message) => {
    const answers = workers.map((worker) => {
      const answer = new Promise((resolve, reject) =>
        worker.once('message', resolve).once('error', reject),
      );
      worker.postMessage(message);
      return answer;
    });
    return (await Promise.all(answers)).flat();
  };
  await all('start');
  return {
    run: async () => {
      await all('hash');
      return rootOf((await all(randomBytes(32))).map(({ digest }) => digest));
    },
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}

function rootOf(level) {
  if (level.length === 1) return level[0];
  const pairs = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) =>
    level.slice(2 * i, 2 * i + 2),
  );
  return rootOf(pairs.map(([left, right]) => (right ? sha256(left, right) : left)));
}

async function work() {
  const { path, from, to, x, alpha } = workerData;
  await ready();
  const mod = startedMcl();
  const dot = newDotProduct(powers(alpha, sectorsOf(BLOCK)));
  const [point, product, base, secret, text] = [SIZE.g1, SIZE.g1, SIZE.g1, SIZE.scalar, 128].map(
    (bytes) => mod._malloc(bytes),
  );
  memory(mod).set(decodeG1(BASE_1).limbs, base);
  const table = newBaseTable(mod, base);
  const dst = new TextEncoder().encode(DST);
  memory(mod).set(dst, text);
  writeScalar(mod, secret, x);
  const file = openSync(path);
  const block = Buffer.alloc(BLOCK);
  const each = (use) =>
    Array.from({ length: to - from }, (_, i) => {
      readSync(file, block, 0, BLOCK, (from + i) * BLOCK);
      return use(block, from + i);
    });

  /** Encrypts, digests and tags a block: (H(W) g1^S)^x. */
  function seal(key, plaintext, index) {
    const counter = Buffer.alloc(16);
    counter.writeUInt32BE((index * BLOCK) / 16, 12);
    const ciphertext = createCipheriv('aes-256-ctr', key, counter).update(plaintext);
    const w = text + dst.length;
    new DataView(memory(mod).buffer).setUint32(w, index);
    mod._mclBnG1_hashAndMapToWithDst(point, w, 64, text, dst.length);
    multiplyByTable(mod, product, table, dot(ciphertext));
    mod._mclBnG1_add(point, point, product);
    mod._mclBnG1_mulCT(point, point, secret);
    mod._mclBnG1_normalize(point, point);
    mod._mclBnG1_serialize(product, TAG, point);
    return { digest: sha256(ciphertext), tag: memory(mod).slice(product, product + TAG) };
  }

  parentPort.on('message', (message) => {
    if (message === 'start') parentPort.postMessage([]);
    else if (message === 'hash') parentPort.postMessage(each((bytes) => sha256(bytes)));
    else parentPort.postMessage(each((bytes, index) => seal(message, bytes, index)));
  });
  parentPort.once('close', () => closeSync(file));
}

if (!isMainThread) await work();
