/** The owner's side of an upload: file key, sealing, tags and tree (paper 000 section 5.2, paper 004 figure 12). */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { leafHash, treeHash } from '@holdfast/protocol/file-root.js';
import { readExtents } from '@holdfast/protocol/extents.js';
import { fileKey } from '@holdfast/protocol/content-keys.js';
import { evaluateAll, openOprfSet } from '@holdfast/protocol/oprf-set.js';
import { sealFile } from '@holdfast/protocol/pipeline.js';
import { finishAllTags } from '@holdfast/protocol/tag.js';
import { benchKeyServers } from './key-servers.mjs';
import { cpuSeconds, row, secret, timed } from './measure.mjs';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const BLOCK = 262_144;

/** Pseudo-random bytes, one MiB at a time: a key stream costs less than what is measured. */
export async function* stream(size) {
  const cipher = createCipheriv('aes-256-ctr', randomBytes(32), randomBytes(16));
  const zeros = Buffer.alloc(MIB);
  for (let left = size; left > 0; left -= MIB) yield cipher.update(zeros.subarray(0, left));
}

async function* whole(bytes) {
  yield bytes;
}

export async function measureSealing(pool, size) {
  const { records, oprf } = benchKeyServers();
  const [x, alpha] = [secret(), secret()];
  const share = GIB / size;

  const seal = async (bytes) => {
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
    const sealing = sealFile({ size: bytes, source: stream(bytes) }, context);
    let step = await sealing.next();
    while (!step.done) step = await sealing.next();
    const { blocks, sums, nonce } = step.value;
    const session = { fileId: context.fileId, firstUid: 0, nonce, taggedAt: 1 };
    await finishAllTags(sums, session, { x, alpha }, pool);
    treeHash(blocks.map(({ length, digest }, uid) => leafHash(uid, length, digest)));
  };
  await seal(16 * MIB);
  const sealed = await timed(() => seal(size));
  const what = `encrypt, OPRF, tag, tree: 1 GiB in blocks of 256 KiB (${size / MIB} MiB measured)`;
  return [
    row(what, sealed.wall * share, 's', 8, 'at most 8, aim 6; paper 004 figure 12: 12 s'),
    row('the same', sealed.cpu * share, 'CPU-s', undefined, 'sketch: 7.8'),
    ...(await measureFileKey()),
  ];
}

/** Paper 000 figure 7: the key of a file of 100 MB; the extents' keys apart. */
async function measureFileKey() {
  const { records, oprf } = benchKeyServers();
  const set = openOprfSet(records);
  const bytes = randomBytes(100e6);
  const keyOf = async (size) => {
    const source = whole(bytes.subarray(0, size));
    let tau;
    for await (const extent of readExtents(source, size)) tau = extent.fileTau;
    const [output] = await evaluateAll(set, [tau], oprf, randomBytes);
    return fileKey(output, set.id);
  };
  const hash = await cpuSeconds(5, () => createHash('sha256').update(bytes).digest());
  const key = await cpuSeconds(5, () => keyOf(bytes.length));
  const others = [];
  for (const mb of [20, 40, 60, 80]) {
    const seconds = await cpuSeconds(3, () => keyOf(mb * 1e6));
    others.push(`${mb} MB ${(1000 * seconds).toFixed(0)} ms`);
  }
  return [
    row('file key for 100 MB', key, 'CPU-s', 0.15, 'at most 0.15; paper 000 figure 7: about 2 s'),
    row('the same against SHA-256 of the file', key / hash, 'x', 1.5, 'at most 1.5'),
    {
      what: 'file keys of other sizes, CPU',
      measured: others.join(', '),
      unit: '',
      asked: 'paper 000 figure 7',
    },
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
    const seconds = await cpuSeconds(3, work);
    const asked = 'paper 000 figure 8: keys of blocks of 8 and 12 KB, 10 to 50 MB';
    rows.push(
      row(`keys of all extents of ${mb} MB, both servers`, seconds, 'CPU-s', undefined, asked),
    );
  }
  return rows;
}
