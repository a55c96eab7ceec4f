/**
 * Public tables that many suites need: made by the first of them, and kept as long as a run lasts (scripts/tally.mjs).
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeTable, publicTable, type PublicTable } from '@holdfast/protocol/tag-key.js';

/** Undefined where single suites run: they make what they need. */
const FOLDER = process.env['KEPT_TABLES'];
const POINT = 48;

export interface KeptTable {
  readonly bytes: Uint8Array;
  readonly points: PublicTable;
}

export function tableOf(alpha: bigint, sectors: number): KeptTable {
  if (FOLDER === undefined) return newTable(alpha, sectors);
  const name = createHash('sha256').update(`${alpha} ${sectors}`).digest('hex');
  const path = join(FOLDER, name);
  if (!existsSync(path)) {
    const { bytes, points } = newTable(alpha, sectors);
    writeFileSync(`${path}.${process.pid}`, Buffer.concat([bytes, points.limbs]));
    renameSync(`${path}.${process.pid}`, path);
  }
  const kept = new Uint8Array(readFileSync(path));
  const split = POINT * sectors;
  return {
    bytes: kept.slice(0, split),
    points: { length: sectors, limbs: kept.slice(split) },
  };
}

function newTable(alpha: bigint, sectors: number): KeptTable {
  const bytes = publicTable(alpha, sectors);
  return { bytes, points: decodeTable(bytes) };
}
