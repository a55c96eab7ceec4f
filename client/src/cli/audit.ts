/**
 * `holdfast audit FILE`: every node checked at once, and a verdict that the ledger computes over one of them.
 *
 * @module
 */
import type { AuditItem, ChallengeAnswer } from '@holdfast/protocol/file-messages.js';
import type { Verdict } from '@holdfast/protocol/schema.js';
import { InvalidArgumentError } from 'commander';
import { findFile, unlock, type Context } from './context.ts';
import { labelOf } from './ls.ts';
import { countText, shortId, VERDICT_GLYPHS } from './words.ts';

export interface AuditCommandOptions {
  readonly node?: string;
  readonly blocks?: number | 'all';
}

const EXITS = { intact: 0, unanswered: 3, damaged: 4 } as const;
type Now = ChallengeAnswer['now'];

/** `--blocks N|all` */
export function parseBlocks(text: string): number | 'all' {
  if (text === 'all') return 'all';
  const count = Number(text);
  if (!/^[1-9][0-9]{0,6}$/.test(text)) {
    throw new InvalidArgumentError('expected a number of blocks, or all');
  }
  return count;
}

export async function audit(
  context: Context,
  named: string,
  options: AuditCommandOptions,
): Promise<number> {
  const { output } = context;
  const owner = await unlock(context);
  const file = await findFile(owner, named);
  const { fileId } = file;
  const now: Now[] = [];
  for (const node of options.node === undefined ? file.nodes : [options.node]) {
    const found = await owner.challenge(fileId, { ...options, node });
    output.say(nowText(found, file.blocks));
    now.push(found);
  }
  const suspect = now.find(({ verdict }) => verdict !== 'intact')?.node ?? options.node;
  const { fromEpoch, audit: verdict } = await owner.audit(fileId, {
    ...options,
    ...(suspect === undefined ? {} : { node: suspect }),
    asked: ({ fromEpoch: from }) =>
      output.say(`  asked   the ledger audits ${labelOf(file)} from epoch ${from} on …`),
  });
  output.result(
    'audit',
    { fileId, now, fromEpoch, audit: verdict ?? null },
    verdict === undefined
      ? `  no verdict yet: holdfast status ${labelOf(file)}`
      : verdictText(verdict, await owner.delegateName(verdict.delegate)),
  );
  return worstExit([...now, ...(verdict === undefined ? [] : [verdict])]);
}

const worstExit = (found: readonly { readonly verdict: Verdict }[]): number =>
  Math.max(...found.map(({ verdict }) => EXITS[verdict]));

/** What one node answered at once. */
export const nowText = (
  { sampled, node, verdict, durationMs, damagedUids }: Now,
  blocks: number,
): string =>
  `  now     ${countText(sampled)} of ${countText(blocks)} blocks · ${node} …  ${VERDICT_GLYPHS[verdict]} ${verdict}  ${(durationMs / 1000).toFixed(1)} s  by equation (5)${blocksText(damagedUids)}`;

/** What the ledger computed, under the beacon of the delegate named. */
export function verdictText(audit: AuditItem, delegate: string): string {
  const { sampled, blocks, node, verdict, epoch, transactionId, independent } = audit;
  const tx = transactionId === null ? '' : `  tx ${shortId(transactionId)}`;
  const note = independent ? '' : '  not independent: one organisation stood on both sides';
  return `  ledger  ${countText(sampled)} of ${countText(blocks)} blocks, chosen by ${delegate}'s beacon ${epoch} · ${node} …  ${VERDICT_GLYPHS[verdict]} ${verdict}${tx}${blocksText(audit.damagedUids)}${note}`;
}

const MOST_NAMED = 8;

function blocksText(uids: readonly number[]): string {
  if (uids.length === 0) return '';
  const more = uids.length - MOST_NAMED;
  const shown = uids.slice(0, MOST_NAMED).join(', ');
  return `  block ${shown}${more > 0 ? ` and ${more} more` : ''}`;
}
