/**
 * Figures and states as people read them; the same words on every door.
 *
 * @module
 */
import type { FileStateName } from '@holdfast/protocol/file-messages.js';
import type { Verdict } from '@holdfast/protocol/schema.js';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Such as `12 KiB` and `1.0 GiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit > 0 && value < 10 ? 1 : 0;
  return `${value.toFixed(unit >= 3 ? 1 : digits)} ${UNITS[unit]}`;
}

/** Such as `4,096`. */
export const countText = (count: number): string => count.toLocaleString('en-US');

/** Such as `1 block` and `4,096 blocks`. */
export const plural = (count: number, noun: string): string =>
  `${countText(count)} ${noun}${count === 1 ? '' : 's'}`;

export const secondsText = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** Such as `4 m ago`. */
export function ageText(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s ago`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} m ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** The time of day so many seconds from now, such as `10:05`. */
export const clockText = (seconds: number): string =>
  new Date(Date.now() + seconds * 1_000).toTimeString().slice(0, 5);

/** A chance, never rounded up to certainty. */
export function chanceText(chance: number): string {
  if (chance < 1 && chance > 0.999) return '> 99.9 %';
  return `${(Math.floor(chance * 1_000) / 10).toFixed(1)} %`;
}

export const GLYPHS: Readonly<Record<FileStateName, string>> = {
  intact: '✓',
  damaged: '✕',
  lost: '✕',
  unanswered: '?',
  repairing: '↻',
  'awaiting-audit': '…',
  storing: '…',
  overdue: '!',
  retired: '–',
};

export const VERDICT_GLYPHS: Readonly<Record<Verdict, string>> = {
  intact: '✓',
  damaged: '✕',
  unanswered: '?',
};

export const stateText = (state: FileStateName): string => state.replace('-', ' ');

/** States in which an owner should look. */
export const needsLook = (state: FileStateName): boolean =>
  ['lost', 'damaged', 'repairing', 'unanswered', 'overdue'].includes(state);

/**
 * What would move the cursor or turn the writing around is not passed to a terminal: names and refusals may come from
 * somebody who means no good.
 */
export const harmless = (text: string): string =>
  text.replaceAll(/[^\P{Cc}\n]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '_');

export const shortId = (id: string): string => id.slice(0, 6);
/** Such as `4f2c…9a`. */
export const ownerText = (id: string): string => `${id.slice(0, 4)}…${id.slice(-2)}`;

/** Columns aligned left, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => widthOf(row[column] ?? ''))),
  );
  const pad = (cell: string, column: number): string =>
    cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell)));
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Characters as people count them. */
const widthOf = (text: string): number => Array.from(new Intl.Segmenter().segment(text)).length;
