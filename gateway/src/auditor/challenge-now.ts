/**
 * Paper 004's challenge, at once: the agent draws blocks, has a node combine them, and checks equation (5) itself.
 *
 * A look beside the audits of the ledger: it binds nobody and is recorded nowhere.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { Challenge } from '@holdfast/protocol/audit.js';
import { expandChallenge, sampleSize, uidsOf } from '@holdfast/protocol/challenge.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { TagKeyRecord } from '@holdfast/protocol/account-records.js';
import type { FileRecord } from '@holdfast/protocol/file-records.js';
import type { ChallengeAnswer } from '@holdfast/protocol/file-messages.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import { equation5Check } from '@holdfast/protocol/proof.js';
import type { PublicTable } from '@holdfast/protocol/tag-key.js';
import type { Provider } from '../roles.ts';
import { damagedAmong } from './locate-damage.ts';

export interface ChallengeNow {
  readonly file: FileRecord;
  readonly tagKey: TagKeyRecord;
  /** Points for as many sectors as a block has. */
  readonly table: PublicTable;
  readonly node: string;
  readonly blocks: number | 'all' | undefined;
  readonly provider: Provider;
  /** Where the equation is checked. */
  readonly pool: Pool;
}

/** (Agent) Challenges one node and locates what is wrong. */
export async function challengeNow(
  question: ChallengeNow,
  monotonicMs: () => number,
  signal: AbortSignal,
): Promise<ChallengeAnswer['now']> {
  const began = monotonicMs();
  const { file, node, provider } = question;
  const challenge = draw(file, question.blocks);
  const holds = await answersEquation5(question, challenge);
  const damaged = holds ? [] : await damagedAmong(challenge.uids, { file, node, provider }, signal);
  return {
    node,
    sampled: challenge.uids.length,
    verdict: verdictOf(holds, damaged),
    durationMs: Math.round(monotonicMs() - began),
    damagedUids: [...(damaged ?? [])],
  };
}

function verdictOf(holds: boolean, damaged: readonly number[] | undefined) {
  if (holds) return 'intact' as const;
  return damaged === undefined ? ('unanswered' as const) : ('damaged' as const);
}

function draw(
  file: FileRecord,
  blocks: number | 'all' | undefined,
): Pick<Challenge, 'uids' | 'coefficients'> {
  const wanted = blocks === 'all' ? file.blockCount : (blocks ?? sampleSize(file.blockCount));
  const sampled = Math.min(wanted, file.blockCount);
  const { ranks, coefficients } = expandChallenge(randomBytes(32), file.blockCount, sampled);
  return { uids: uidsOf(ranks, file.base.firstUid, []), coefficients };
}

/** false where a block is missing, its bytes are not those that were tagged, or the node does not answer. */
async function answersEquation5(
  { file, tagKey, table, node, provider, pool }: ChallengeNow,
  challenge: Pick<Challenge, 'uids' | 'coefficients'>,
): Promise<boolean> {
  try {
    const combination = await provider.combine(file.fileId, node, challenge);
    if (combination === undefined) return false;
    const files = [{ file, challenge }];
    return await pool.run(equation5Check, { tagKey, table, files, ...combination });
  } catch (error) {
    const failed = ['STORAGE_UNREACHABLE', 'TAG_INVALID', 'PROOF_INVALID'];
    if (error instanceof HoldfastError && failed.includes(error.code)) return false;
    throw error;
  }
}
