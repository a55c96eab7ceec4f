/** What a provider pays: the table of a new owner, the tags of an upload, the proof of an audit; and who waits for it. */
import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { bls12_381 } from '@noble/curves/bls12-381';
import { rhoOf } from '@holdfast/protocol/audit.js';
import { base64url, hex, toInteger } from '@holdfast/protocol/bytes.js';
import { encodeG2, hashToG1, multiplyBase2 } from '@holdfast/protocol/curve.js';
import { modulo } from '@holdfast/protocol/scalar.js';
import { newIntake } from '@holdfast/protocol/intake.js';
import { verifyAnswer } from '@holdfast/protocol/proof.js';
import { prove } from '@holdfast/protocol/prover.js';
import { newTagKeyRecord, publicTable, tableCheck } from '@holdfast/protocol/tag-key.js';
import { finishAllTags, newSectorSummer, tagSession } from '@holdfast/protocol/tag.js';
import { inTurn, rounded, row, secret, timed } from './measure.mjs';

const BLOCK = 262_144;
const SECTORS = 8_457;
const AUDITED = 460;
/** Blocks that exist; more are these again under other ids. */
const KEPT = 64;

export async function measureProvider(pool, blocks) {
  const key = { x: secret(), alpha: secret() };
  const bytes = publicTable(key.alpha, SECTORS);
  const { tagKey, tagKeyId } = newTagKeyRecord(key, bytes, {
    channel: 'bench',
    ownerId: hex(randomBytes(32)),
  });
  let table;
  const claim = { table: bytes, key: tagKey, weights: randomBytes(16 * SECTORS) };
  const tableTime = await timed(async () => {
    table = await pool.run(tableCheck, claim);
  });
  if (table === undefined) throw new Error('an honest table was refused');

  const kept = Array.from({ length: KEPT }, () => randomBytes(BLOCK));
  const sumOf = newSectorSummer(key.alpha, SECTORS);
  const keptSums = kept.map(sumOf);
  const base = { version: 1, firstUid: 0, blockCount: blocks, nonce: base64url(randomBytes(16)) };
  const file = { fileId: hex(randomBytes(32)), base: { ...base, taggedAt: 1 } };
  const session = tagSession(file.fileId, file.base);
  const sums = Array.from({ length: blocks }, (_, uid) => keptSums[uid % KEPT]);
  const tags = await finishAllTags(sums, session, key, pool);
  const block = (uid) => kept[uid % KEPT];

  const intake = newIntake({ sectors: SECTORS, random: randomBytes, pool });
  const addTime = await timed(async () => {
    for (let uid = 0; uid < blocks; uid++) await intake.add(block(uid));
    await intake.addTags(tags, session);
  });
  const finishTime = await timed(async () => {
    if (!(await intake.finish({ tagKey, table }))) throw new Error('honest tags were refused');
  });
  // the content's product is paid once a file
  const gib = (addTime.cpu * 4096) / blocks + finishTime.cpu;

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
    tag: async (uid) => tags.slice(48 * uid, 48 * uid + 48),
  };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let proof;
  const [proving] = await inTurn(3, [
    async () => {
      proof = await prove({ table, rho, files: [stored], pool });
    },
  ]);
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
  return [
    row('table of a new owner, 8,457 points', tableTime.cpu, 'CPU-s', { most: 7, aim: 2.7 }),
    row(`intake of 1 GiB (${blocks / 4} MiB measured)`, gib, 'CPU-s', { most: 6, aim: 4.7 }),
    row('audit at 99 %: prove and verify 460 blocks', proving.wall + verifying.wall, 's', {
      most: 1.5,
      beside: `${rounded(proving.cpu + verifying.cpu)} CPU-s`,
    }),
    row('event-loop delay p99 while proving', delay.percentile(99) / 1e6, 'ms', { most: 50 }),
    row('hash to G1', 1000 * ours.cpu, 'CPU-ms', {
      beside: `noble: ${rounded(1000 * noble.cpu)} CPU-ms`,
    }),
  ];
}
