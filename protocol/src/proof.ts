/**
 * Proofs that a provider holds the blocks of a challenge, in two forms over the same tags.
 *
 * The papers' (equations (2) to (5) of paper 004): sigma = prod sigma_i^{v_i} and mu_j = sum of v_i m_ij for every sector,
 * 270 KB at 256 KiB blocks, checked by e(sigma, g2) = e(prod H(W_i)^{v_i} * prod u_j^{mu_j}, X).
 *
 * The succinct one, 128 bytes for all files of one key. With f(z) = sum of mu_j z^j, the prover answers y = f(rho) and
 * psi = g1^(q(alpha)) of the quotient q = (f - y) / (z - rho), a polynomial commitment opened at one point (Kate, Zaverucha
 * and Goldberg 2010, section 3.2):
 *
 * ```text
 * e(sigma, g2) = e(M * g1^y * psi^-rho, X) * e(psi, X')    M = prod H(W_i)^{v_i}
 * proof = sigma (48) || y (32) || psi (48)
 * ```
 *
 * psi is the identity for blocks of one sector and must be accepted then. Several keys are checked in one product with
 * weights hashed from the proofs themselves: were they known before, the errors of two false proofs could cancel.
 *
 * @module
 */
import type { Challenge } from './audit.ts';
import { rhoOf } from './audit.ts';
import { fromBase64url, toInteger, u32be } from './bytes.ts';
import {
  add1,
  BASE_2,
  decodeG1,
  decodeG2,
  multiply1,
  multiplyBase,
  multiScalar,
  negate1,
  pairingsAreOne,
  zero1,
  type G1,
  type G2,
} from './curve.ts';
import { decodeScalar, modulo } from './scalar.ts';
import { HoldfastError } from './errors.ts';
import { transcript } from './hash.ts';
import type { TagKeyRecord } from './account-records.ts';
import type { FileRecord } from './file-records.ts';
import { pointsOf } from './point-row.ts';
import type { Job } from './pool.ts';
import type { PublicTable } from './tag-key.ts';
import { hashedMessage, tagSession } from './tag.ts';

/** Bytes of a succinct proof. */
const PROOF = 128;

/** A challenged file as the ledger knows it. */
export interface ChallengedFile {
  readonly file: Pick<FileRecord, 'fileId' | 'base'>;
  readonly challenge: Pick<Challenge, 'uids' | 'coefficients'>;
}

/** A proof in the form of paper 004: equations (2) and (3). */
export interface Combination {
  /** sigma, 48 bytes. */
  readonly combinedTag: Uint8Array;
  /** mu_0, mu_1, ... up to the last that is not 0, 32 bytes each. */
  readonly combinedBlock: Uint8Array;
}

/**
 * (Agent, Owner) Equation (5) of paper 004: whether a combination is that of the challenged blocks under their tags.
 *
 * @throws `PROOF_INVALID` naming the field, where it is no combination at all.
 */
export function verifyEquation5({
  tagKey,
  table,
  files,
  combinedTag,
  combinedBlock,
}: Combination & {
  readonly tagKey: Pick<TagKeyRecord, 'x'>;
  readonly table: PublicTable;
  readonly files: readonly ChallengedFile[];
}): boolean {
  const count = combinedBlock.length / 32;
  if (!Number.isInteger(count) || count > table.length) {
    throw noProof('/combinedBlock', `${combinedBlock.length} bytes`);
  }
  const sigma = decoding('/combinedTag', () => decodeG1(combinedTag));
  const sums = decoding('/combinedBlock', () =>
    Array.from({ length: count }, (_, j) =>
      decodeScalar(combinedBlock.subarray(32 * j, 32 * (j + 1))),
    ),
  );
  const content = multiScalar(pointsOf(table, 0, count), sums);
  return pairingsAreOne([
    [negate1(sigma), decodeG2(BASE_2)],
    [add1(combinedMessages(files), content), decodeG2(fromBase64url(tagKey.x))],
  ]);
}

/** {@link verifyEquation5} as a job, 0.7 s for 8,457 sectors and 460 blocks. */
export const equation5Check: Job<Parameters<typeof verifyEquation5>[0], boolean> = {
  name: 'equation5Check',
  work: verifyEquation5,
};

/** M = prod H(W_i)^{v_i}: equation (4) of paper 004. */
function combinedMessages(files: readonly ChallengedFile[]): G1 {
  const messages = files.flatMap(({ file, challenge }) => {
    const session = tagSession(file.fileId, file.base);
    return challenge.uids.map((uid) => hashedMessage(session, uid));
  });
  return multiScalar(
    messages,
    files.flatMap(({ challenge }) => challenge.coefficients),
  );
}

/** The files of one key that are audited together, and their proof. */
export interface AnsweredGroup {
  readonly tagKey: Pick<TagKeyRecord, 'tagKeyId' | 'x' | 'xAlpha'>;
  readonly files: readonly (ChallengedFile & { readonly challenge: Challenge })[];
  /** 128 bytes. */
  readonly proof: Uint8Array;
}

/**
 * (Ledger) Whether every group's proof holds: steps 5 to 9 of section 1.4. About 0.45 ms a block and 8 ms a group.
 *
 * @param beacon - B_e in hex.
 * @param groups - ascending by tag key id, files ascending by file id: the weights depend on the order.
 * @throws `PROOF_INVALID` naming the group, where a proof is no encoding of one.
 */
export function verifyAnswer({
  channel,
  epoch,
  beacon,
  providerId,
  groups,
}: {
  readonly channel: string;
  readonly epoch: number;
  readonly beacon: string;
  readonly providerId: string;
  readonly groups: readonly AnsweredGroup[];
}): boolean {
  const all = transcriptOf(groups);
  const pairs: [G1, G2][] = [];
  let tagSum = zero1();
  for (const [o, { tagKey, files, proof }] of groups.entries()) {
    const weight = weightOf(all, o);
    const { sigma, y, psi } = decodeProof(proof, `/groups/${o}/proof`);
    const rho = rhoOf({ channel, epoch, beacon, providerId, tagKeyId: tagKey.tagKeyId });
    // P = M * g1^y * psi^-rho
    const opened = add1(multiplyBase(y), multiply1(psi, modulo(-rho)));
    const point = add1(combinedMessages(files), opened);
    tagSum = add1(tagSum, multiply1(sigma, weight));
    pairs.push(
      [multiply1(point, weight), decodeG2(fromBase64url(tagKey.x))],
      [multiply1(psi, weight), decodeG2(fromBase64url(tagKey.xAlpha))],
    );
  }
  return pairingsAreOne([[negate1(tagSum), decodeG2(BASE_2)], ...pairs]);
}

/** T("proofs", seeds.., proofs..): what the weights depend on, so that no proof can be made for a known one. */
const transcriptOf = (groups: readonly AnsweredGroup[]): Uint8Array =>
  transcript(
    'proofs',
    ...groups.flatMap(({ files }) => files.map(({ challenge }) => challenge.seed)),
    ...groups.map(({ proof }) => proof),
  );

/** w_0 = 1, w_o = T("weight", transcript, u32 o)[0..16]. */
const weightOf = (all: Uint8Array, index: number): bigint =>
  index === 0 ? 1n : toInteger(transcript('weight', all, u32be(index)).slice(0, 16));

function decodeProof(proof: Uint8Array, pointer: string): { sigma: G1; y: bigint; psi: G1 } {
  if (proof.length !== PROOF) {
    throw noProof(pointer, `${proof.length} bytes, expected ${PROOF}`);
  }
  return decoding(pointer, () => ({
    sigma: decodeG1(proof.subarray(0, 48)),
    y: decodeScalar(proof.subarray(48, 80)),
    psi: decodeG1(proof.subarray(80), { infinity: true }),
  }));
}

/** What does not decode is no proof; what fails otherwise is our fault, and nobody's proof. */
function decoding<T>(pointer: string, decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof HoldfastError)) throw cause;
    throw noProof(pointer, cause.detail, cause);
  }
}

const noProof = (pointer: string, reason: string, cause?: unknown): HoldfastError =>
  new HoldfastError('PROOF_INVALID', `${pointer}: ${reason}`, { pointer, cause });
