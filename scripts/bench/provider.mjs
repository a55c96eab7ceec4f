/** What a provider pays: the table of a new owner, the tags of an upload, the proof of an audit; and who waits for it. */
import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { bls12_381 } from '@noble/curves/bls12-381';
import { rhoOf } from '@holdfast/protocol/audit.js';
import { base64url, hex, toInteger } from '@holdfast/protocol/bytes.js';
import { decodeG1, encodeG2, hashToG1, multiplyBase2 } from '@holdfast/protocol/curve.js';
import { modulo } from '@holdfast/protocol/scalar.js';
import { newIntake } from '@holdfast/protocol/intake.js';
import { verifyAnswer } from '@holdfast/protocol/proof.js';
import { prove } from '@holdfast/protocol/prover.js';
import { newTagKeyRecord, publicTable, tableCheck } from '@holdfast/protocol/tag-key.js';
import { finishAllTags, newSectorSummer, TAG, tagSession } from '@holdfast/protocol/tag.js';
import { clockRow, inTurn, median, rounded, row, secret, timed } from './measure.mjs';

const BLOCK = 262_144;
const SECTORS = 8_457;
const AUDITED = 460;
/** Blocks that exist; more are these again under other ids. */
const KEPT = 64;
const POINT = 48;
/** Points whose orders are checked, to stand for all. */
const SAMPLE = 256;

/** @param blocks of 256 KiB that come in; as many again are none of the work. */
export async function measureProvider(pool, blocks) {
  const key = { x: secret(), alpha: secret() };
  const bytes = publicTable(key.alpha, SECTORS);
  const { tagKey, tagKeyId } = newTagKeyRecord(key, bytes, {
    channel: 'bench',
    ownerId: hex(randomBytes(32)),
  });
  let table;
  const claim = { table: bytes, key: tagKey, weights: randomBytes(16 * SECTORS) };
  const [checking] = await inTurn(3, [
    async () => {
      table = await pool.run(tableCheck, claim);
      if (table === undefined) throw new Error('an honest table was refused');
    },
  ]);
  const some = bytes.subarray(0, POINT * SAMPLE);
  const [ordering] = await inTurn(3, [
    () => {
      for (let at = 0; at < some.length; at += POINT) decodeG1(some.subarray(at, at + POINT));
    },
  ]);

  const kept = Array.from({ length: KEPT }, () => randomBytes(BLOCK));
  const sumOf = newSectorSummer(key.alpha, SECTORS);
  const keptSums = kept.map(sumOf);
  const base = { version: 1, firstUid: 0, blockCount: blocks, nonce: base64url(randomBytes(16)) };
  const file = { fileId: hex(randomBytes(32)), base: { ...base, taggedAt: 1 } };
  const session = tagSession(file.fileId, file.base);
  const sums = Array.from({ length: blocks }, (_, uid) => keptSums[uid % KEPT]);
  const tags = await finishAllTags(sums, session, key, pool);
  const block = (uid) => kept[uid % KEPT];

  const content = [];
  const takeIn = async (count) => {
    const intake = newIntake({ sectors: SECTORS, random: randomBytes, pool });
    for (let uid = 0; uid < count; uid++) await intake.add(block(uid));
    await intake.addTags(tags.subarray(0, TAG * count), session);
    content.push(
      await timed(async () => {
        if (!(await intake.finish({ tagKey, table }))) throw new Error('honest tags were refused');
      }),
    );
  };
  const [intake] = await inTurn(3, [() => takeIn(blocks)], () => takeIn(KEPT));
  const one = median(content.map(({ cpu }) => cpu));

  const ask = { channel: 'bench', epoch: 1, beacon: hex(randomBytes(32)), providerId: 'Birch' };
  const rho = rhoOf({ ...ask, tagKeyId });
  const challenge = {
    seed: randomBytes(32),
    uids: Array.from({ length: AUDITED }, (_, i) => i),
    coefficients: Array.from({ length: AUDITED }, () => toInteger(randomBytes(16))),
  };
  const stored = {
    challenge,
    block: async (uid) => block(uid),
    tag: async (uid) => tags.slice(TAG * uid, TAG * (uid + 1)),
  };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  let proof;
  const proveOne = async () => {
    proof = await prove({ table, rho, files: [stored], pool });
  };
  const [proving] = await inTurn(5, [proveOne], async () => {
    await proveOne();
    delay.enable();
  });
  delay.disable();
  const x = base64url(encodeG2(multiplyBase2(key.x)));
  const xAlpha = base64url(encodeG2(multiplyBase2(modulo(key.x * key.alpha))));
  const groups = [{ tagKey: { tagKeyId, x, xAlpha }, files: [{ file, challenge }], proof }];
  const [verifying] = await inTurn(3, [
    () => {
      if (!verifyAnswer({ ...ask, groups })) throw new Error('an honest proof was refused');
    },
  ]);

  const message = randomBytes(100);
  const [ours, noble] = await inTurn(9, [
    () => hashToG1(message, 'BENCH'),
    () => bls12_381.G1.hashToCurve(message, { DST: 'BENCH' }),
  ]);
  const audit = {
    wall: proving.wall + verifying.wall,
    // the proof in all threads, the check in one
    cpu: proving.cpu + pool.width * verifying.cpu,
    others: Math.max(proving.others, verifying.others),
  };
  return [
    row('table of a new owner, 8,457 points', checking.cpu, 'CPU-s', {
      most: 7,
      aim: 2.7,
      beside: `the order of each point alone: ${rounded((ordering.cpu * SECTORS) / SAMPLE)} CPU-s`,
    }),
    row('intake of 1 GiB in blocks of 256 KiB', intake.cpu, 'CPU-s', {
      most: 6,
      aim: 4.7,
      beside: `equation (5) for each block alone: at least ${rounded(one * blocks)} CPU-s`,
    }),
    clockRow('audit at 99 %: prove and verify 460 blocks', audit, pool.width, {
      most: 1.5,
      beside: `${rounded(proving.cpu + verifying.cpu)} CPU-s; paper 004 figure 12: 12 s with tags`,
    }),
    row('event-loop delay p99 while proving', delay.percentile(99) / 1e6, 'ms', {
      most: 50,
      beside: `without threads: ${rounded(1000 * proving.cpu)} ms`,
      shared: proving.others,
    }),
    row('hash to G1', 1000 * ours.cpu, 'CPU-ms', {
      beside: `noble: ${rounded(1000 * noble.cpu)} CPU-ms`,
    }),
  ];
}
