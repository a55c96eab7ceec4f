/**
 * `holdfast status FILE`: one file, its replicas, how soon damage is found, its keys.
 *
 * @module
 */
import type { OwnStatus } from '../status.ts';
import { findFile, unlock, type Context } from './context.ts';
import { labelOf, lastText } from './ls.ts';
import {
  ageText,
  chanceText,
  GLYPHS,
  plural,
  shortId,
  stateText,
  VERDICT_GLYPHS,
} from './words.ts';

export async function status(context: Context, named: string): Promise<number> {
  const owner = await unlock(context);
  const { fileId } = await findFile(owner, named);
  const found = await owner.status(fileId);
  context.output.result('status', found, statusText(found, context.output.isVerbose));
  return 0;
}

/** @param isVerbose - whether root and id are told as well. */
export function statusText(found: OwnStatus, isVerbose: boolean): string {
  const { assurance, shares, fileId, version, pricePerEpoch } = found;
  const { sampled, lostEverywhere, lostOnOneNode } = assurance;
  const lines = [
    `${labelOf(found)}  ${shortId(fileId)}  version ${version}  ${standing(found)}`,
    `  replicas   ${replicasText(found)}`,
    ...damageText(found),
    `  audits     ${sampled} of ${plural(found.blocks, 'block')} each; epoch ${found.epoch}`,
    `  assurance  one lost block is found within a day: ${chanceText(lostEverywhere)} if lost everywhere, ${chanceText(lostOnOneNode)} if on one node`,
    `  keys       ${shares.readable} of ${shares.count} shares readable, any ${shares.threshold} suffice`,
    `  money      ${pricePerEpoch} an epoch`,
  ];
  if (isVerbose) lines.push(`  root       ${found.root}`, `  id         ${fileId}`);
  return lines.join('\n');
}

/** State and newest verdict, once where they are the same word. */
function standing(found: OwnStatus): string {
  const { state, lastVerdict } = found;
  const last = lastText(found, found.slotSeconds);
  return state === lastVerdict ? last : `${GLYPHS[state]} ${stateText(state)} · last ${last}`;
}

function replicasText({ nodes, told }: OwnStatus): string {
  return nodes
    .map((node) => {
      const replica = told?.replicas.find((one) => one.node === node);
      if (replica === undefined || replica.verdict === null) return `${node} …`;
      const age =
        replica.at === null ? '' : ` ${ageText((Date.now() - Date.parse(replica.at)) / 1000)}`;
      return `${node} ${VERDICT_GLYPHS[replica.verdict]}${age}`;
    })
    .join('   ');
}

const MOST_NAMED = 8;

function damageText({ told }: OwnStatus): string[] {
  const damaged = (told?.damagedBlocks ?? []).filter(({ repairedAt }) => repairedAt === null);
  if (damaged.length === 0) return [];
  const named = damaged.slice(0, MOST_NAMED).map(({ uid, node }) => `${uid} on ${node}`);
  const more = damaged.length - named.length;
  const safe =
    told?.safe === true ? 'your bytes are safe' : 'no other replica is known to be whole';
  return [`  damage     block ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}; ${safe}`];
}
