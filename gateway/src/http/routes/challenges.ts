/**
 * Challenges at once, and the storage nodes they go to. The paid audit, `files:ask`, goes through the relay.
 *
 * @module
 */
import { performance } from 'node:perf_hooks';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { FileState } from '@holdfast/protocol/ledger-transactions.js';
import {
  challengeAnswer,
  challengeRequest,
  type ChallengeAnswer,
  type ChallengeRequest,
} from '@holdfast/protocol/file-messages.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import { sectorsOf } from '@holdfast/protocol/tag.js';
import { challengeNow } from '../../auditor/challenge-now.ts';
import { callersFile, fileAddress } from '../caller-files.ts';
import { takesJson } from '../json-route.ts';
import type { LedgerSession } from '../../ledger/ledger.ts';
import { signalOf, type RequestParts } from '../requests.ts';
import type { Provider } from '../../roles.ts';
import type { Route } from '../route.ts';
import type { TableCopies } from '../../auditor/table-copies.ts';

export interface ChallengesParts extends RequestParts {
  readonly agent: LedgerSession;
  readonly provider: Provider;
  readonly tables: TableCopies;
  readonly pool: Pool;
}

export const challengesRoutes = (parts: ChallengesParts): Route[] => [
  takesJson(
    parts,
    {
      method: 'post',
      path: '/v1/files/:fileId/challenges',
      who: 'owner',
      summary: 'Challenge one node that keeps the file, at once',
      params: fileAddress,
      body: challengeRequest,
      status: 200,
      answer: challengeAnswer,
      problems: ['NOT_FOUND', 'STORAGE_UNREACHABLE'],
    },
    async ({ params, body, response }) => {
      const state = await callersFile(parts.agent, params.fileId, response);
      return { body: await challenge(parts, state, body, signalOf(response)) };
    },
  ),
];

/** One node's answer, checked here. */
export async function challenge(
  { agent, pool, provider, tables }: Omit<ChallengesParts, keyof RequestParts>,
  { file, placement }: FileState,
  asked: ChallengeRequest,
  signal: AbortSignal,
): Promise<ChallengeAnswer> {
  const node = nodeOf(placement?.nodes ?? [], asked.node);
  const { tagKeyId } = file;
  const tagKey = await agent.evaluate('accounts:tagKey', { tagKeyId }, signal);
  const table = await tables.open(tagKey, sectorsOf(file.blockSize));
  const question = { file, tagKey, table, node, blocks: asked.blocks, provider, pool };
  const now = await challengeNow(question, () => performance.now(), signal);
  return { now, href: `/v1/files/${file.fileId}/audits` };
}

/** The node named, else any of those that keep the file. */
function nodeOf(nodes: readonly string[], named: string | undefined): string {
  const node = named ?? nodes[Math.floor(Math.random() * nodes.length)];
  if (node !== undefined && nodes.includes(node)) return node;
  throw new HoldfastError('NOT_FOUND', `the file is not kept on ${node ?? 'any node'}`, {
    pointer: '/node',
  });
}
