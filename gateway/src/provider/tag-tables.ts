/**
 * The public tables of owners' tag keys: checked once, kept in the catalogue as they came and decoded, a few in memory.
 *
 * @module
 */
import { concatAll, equalBytes, fromHex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { TagKeyRecord } from '@holdfast/protocol/account-records.js';
import { firstOf, packRow, unpackRow } from '@holdfast/protocol/point-row.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import {
  tableCheck,
  tableDecoding,
  type PublicTable,
  type TableClaim,
} from '@holdfast/protocol/tag-key.js';
import { sha256 } from '../storage/block-cid.ts';
import type { Catalogue } from './catalogue.ts';

type Random = (length: number) => Uint8Array;

const POINT_BYTES = 48;
/** Tables held in memory: about 1.2 MB each for blocks of 256 KiB. */
const HELD_TABLES = 8;

export interface TagTables {
  /** Takes the table of a key. @throws `KEY_INVALID`. */
  add(key: TagKeyRecord, table: AsyncIterable<Uint8Array>): Promise<void>;
  has(tagKeyId: string): Promise<boolean>;
  /** The first `sectors` points. @throws `NOT_FOUND`. */
  table(tagKeyId: string, sectors: number): Promise<PublicTable>;
}

export function newTagTables(
  catalogue: Catalogue,
  { pool, random }: { readonly pool: Pool; readonly random: Random },
): TagTables {
  const held = new Map<string, PublicTable>();
  const has = async (tagKeyId: string) =>
    (await catalogue.bytes('table', tagKeyId, 0, 1)).length > 0;

  function hold(tagKeyId: string, table: PublicTable): void {
    held.delete(tagKeyId);
    held.set(tagKeyId, table);
    const [oldest] = held.keys();
    if (held.size > HELD_TABLES && oldest !== undefined) held.delete(oldest);
  }

  const packed = (tagKeyId: string, table: PublicTable) =>
    catalogue.pages('points', tagKeyId, 0, packRow(table));

  /** Decoding takes a second: the points are kept, and decoded again where they are damaged or none were kept. */
  async function points(tagKeyId: string, bytes: Uint8Array): Promise<PublicTable> {
    const kept = await catalogue.allBytes('points', tagKeyId);
    const row = unpackRow(kept, bytes.subarray(-POINT_BYTES));
    if (row !== undefined && row.length * POINT_BYTES === bytes.length) return row;
    const table = await pool.run(tableDecoding, bytes.slice());
    const dropped = await catalogue.dropPages('points', tagKeyId);
    await catalogue.write([...dropped, ...(await packed(tagKeyId, table))]);
    return table;
  }

  return {
    has,
    async add(key, source) {
      const table = await collect(source, key.sectorsMax * POINT_BYTES);
      if (!equalBytes(sha256(table), fromHex(key.tableDigest))) {
        throw new HoldfastError('KEY_INVALID', 'the table is not the one on the ledger');
      }
      if (await has(key.tagKeyId)) return;
      const decoded = await checked(pool, { table, key, weights: random(16 * key.sectorsMax) });
      if (decoded === undefined) {
        throw new HoldfastError('KEY_INVALID', 'the table is not the powers of one alpha');
      }
      await catalogue.write([
        ...(await catalogue.pages('table', key.tagKeyId, 0, table)),
        ...(await packed(key.tagKeyId, decoded)),
      ]);
      hold(key.tagKeyId, decoded);
    },
    async table(tagKeyId, sectors) {
      let table = held.get(tagKeyId);
      if (table === undefined) {
        const bytes = await catalogue.allBytes('table', tagKeyId);
        if (bytes.length > 0) table = await points(tagKeyId, bytes);
      }
      if (table === undefined || table.length < sectors) {
        throw new HoldfastError('NOT_FOUND', `no table of ${sectors} sectors of key ${tagKeyId}`);
      }
      hold(tagKeyId, table);
      return firstOf(table, sectors);
    },
  };
}

async function checked(pool: Pool, claim: TableClaim): Promise<PublicTable | undefined> {
  try {
    return await pool.run(tableCheck, claim);
  } catch (cause) {
    if (!(cause instanceof HoldfastError)) throw cause;
    throw new HoldfastError('KEY_INVALID', 'the table holds what is no point of the curve', {
      cause,
    });
  }
}

/** @throws `KEY_INVALID` unless the source has exactly `length` bytes. */
async function collect(source: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let held = 0;
  for await (const part of source) {
    held += part.length;
    if (held > length) break;
    parts.push(part);
  }
  if (held !== length) {
    throw new HoldfastError('KEY_INVALID', `the table of this key has ${length} bytes`);
  }
  return concatAll(parts);
}
