/**
 * `holdfast ls`: the owner's files and how they stand.
 *
 * @module
 */
import type { Listed, Listing } from '../listing.ts';
import { unlock, type Context } from './context.ts';
import {
  ageText,
  clockText,
  needsLook,
  plural,
  shortId,
  sizeText,
  stateText,
  table,
  VERDICT_GLYPHS,
} from './words.ts';

const LOOK = 3;

/** @returns 3 with `--check` where something needs a look. */
export async function ls(
  context: Context,
  { check = false }: { readonly check?: boolean },
): Promise<number> {
  const owner = await unlock(context);
  const listing = await owner.list();
  const { files, storing } = listing;
  const worst = files.filter(({ state }) => needsLook(state));
  context.output.result('ls', { files, storing }, listingText(listing));
  const [first] = worst;
  if (first !== undefined) context.output.say(`look: holdfast status ${labelOf(first)}`);
  return check && worst.length > 0 ? LOOK : 0;
}

export const labelOf = ({ name, fileId }: Listed): string => name ?? shortId(fileId);

/** All files, a line each, and what is on its way. */
export function listingText({ files, storing, slotSeconds }: Listing): string {
  const inFlight = storing === 0 ? '' : `${plural(storing, 'file')} being stored`;
  if (files.length === 0) return inFlight || 'No files yet. Store one: holdfast put FILE';
  const rows = files.map((file) => [
    file.name ?? `(${shortId(file.fileId)}, name not readable)`,
    file.size === undefined ? '?' : sizeText(file.size),
    String(file.nodes.length),
    lastText(file, slotSeconds),
    stateLine(file, slotSeconds),
  ]);
  const head = ['NAME', 'SIZE', 'REPLICAS', 'LAST VERDICT', 'STATE'];
  const foot = [plural(files.length, 'file'), ...(inFlight === '' ? [] : [inFlight])].join(' · ');
  return `${table([head, ...rows])}\n${foot}`;
}

/** A verdict never stands without its age. */
export function lastText(
  { lastVerdict, lastVerdictAt, lastEpoch, epoch }: Listed,
  slotSeconds: number,
): string {
  if (lastVerdict === null || lastEpoch === null) return '… none yet';
  const seconds =
    lastVerdictAt === null
      ? (epoch - lastEpoch) * slotSeconds
      : (Date.now() - Date.parse(lastVerdictAt)) / 1000;
  return `${VERDICT_GLYPHS[lastVerdict]} ${lastVerdict} ${ageText(seconds)}`;
}

function stateLine({ state, safe, dueFrom, epoch }: Listed, slotSeconds: number): string {
  const text = stateText(state);
  if (state === 'awaiting-audit' && dueFrom !== null) {
    return `${text}, by ${clockText(Math.max(1, dueFrom - epoch + 1) * slotSeconds)}`;
  }
  return needsLook(state) && safe === true ? `${text}; your bytes are safe` : text;
}
