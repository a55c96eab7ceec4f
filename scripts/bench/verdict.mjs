/** What one peer pays for a verdict: the check of an answer over 460 blocks (papers 003 and 004: 1 % damage at 99 %). */
import { randomBytes } from 'node:crypto';
import { rhoOf } from '@holdfast/protocol/audit.js';
import { base64url, hex } from '@holdfast/protocol/bytes.js';
import { encodeG2, hashToG1, multiplyBase2 } from '@holdfast/protocol/curve.js';
import { modulo } from '@holdfast/protocol/scalar.js';
import { toInteger } from '@holdfast/protocol/bytes.js';
import { verifyAnswer } from '@holdfast/protocol/proof.js';
import { prove } from '@holdfast/protocol/prover.js';
import { decodeTable, publicTable } from '@holdfast/protocol/tag-key.js';
import { finishTags, newSectorSummer, tagSession } from '@holdfast/protocol/tag.js';
import { inTurn, rounded, row, secret } from './measure.mjs';

const BLOCKS = 460;
/** The check does not depend on the number of sectors, so small blocks do. */
const SECTORS = 4;

export async function measureVerdict() {
  const [x, alpha] = [secret(), secret()];
  const tagKey = {
    tagKeyId: hex(randomBytes(32)),
    x: base64url(encodeG2(multiplyBase2(x))),
    xAlpha: base64url(encodeG2(multiplyBase2(modulo(x * alpha)))),
  };
  const base = {
    version: 1,
    firstUid: 0,
    blockCount: BLOCKS,
    nonce: base64url(randomBytes(16)),
    taggedAt: 1,
  };
  const file = { fileId: hex(randomBytes(32)), base };
  const blocks = Array.from({ length: BLOCKS }, () => randomBytes(31 * SECTORS));
  const sums = blocks.map(newSectorSummer(alpha, SECTORS));
  const tags = finishTags(sums, tagSession(file.fileId, base), { x, alpha });
  const challenge = {
    seed: randomBytes(32),
    uids: blocks.map((_, uid) => uid),
    coefficients: blocks.map(() => toInteger(randomBytes(16))),
  };
  const asked = { channel: 'bench', epoch: 1, beacon: hex(randomBytes(32)), providerId: 'Birch' };
  const proof = await prove({
    table: decodeTable(publicTable(alpha, SECTORS)),
    rho: rhoOf({ ...asked, tagKeyId: tagKey.tagKeyId }),
    files: [
      {
        challenge,
        block: async (uid) => blocks[uid],
        tag: async (uid) => tags.slice(48 * uid, 48 * uid + 48),
      },
    ],
  });
  const groups = [{ tagKey, files: [{ file, challenge }], proof }];
  const [verdict, hashes] = await inTurn(9, [
    () => {
      if (!verifyAnswer({ ...asked, groups })) throw new Error('an honest proof was refused');
    },
    () => challenge.uids.map((uid) => hashToG1(blocks[uid], 'BENCH')),
  ]);
  return [
    row(`verdict over ${BLOCKS} blocks, a peer`, verdict.cpu, 'CPU-s', {
      most: 0.4,
      aim: 0.35,
      beside: `to hash ${BLOCKS} messages to G1, alone: ${rounded(hashes.cpu)} CPU-s`,
    }),
    row('proof of one owner', proof.length, 'bytes', {
      most: 128,
      beside: `paper 004, equation (5), 8,457 sectors: ${48 + 32 * 8_457} bytes`,
    }),
  ];
}
