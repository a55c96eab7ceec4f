/**
 * The public tables of owners' tag keys: checked once, kept in the catalogue, a few of them decoded.
 *
 * @module
 */
import { concatAll, equalBytes, fromHex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { TagKeyRecord } from '@holdfast/protocol/account-records.js';
import { pointsOf, rowOf } from '@holdfast/protocol/point-row.js';
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
/** Tables kept decoded: about 1.2 MB each for blocks of 256 KiB. */
const DECODED_TABLES = 8;

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
  const decoded = new Map<string, PublicTable>();
  const has = async (tagKeyId: string) =>
    (await catalogue.bytes('table', tagKeyId, 0, 1)).length > 0;

  function keep(tagKeyId: string, table: PublicTable): void {
    decoded.delete(tagKeyId);
    decoded.set(tagKeyId, table);
    const [oldest] = decoded.keys();
    if (decoded.size > DECODED_TABLES && oldest !== undefined) decoded.delete(oldest);
  }

  return {
    has,
    async add(key, source) {
      const table = await collect(source, key.sectorsMax * POINT_BYTES);
      if (!equalBytes(sha256(table), fromHex(key.tableDigest))) {
        throw new HoldfastError('KEY_INVALID', 'the table is not the one on the ledger');
      }
      if (await has(key.tagKeyId)) return;
      const points = await checked(pool, { table, key, weights: random(16 * key.sectorsMax) });
      if (points === undefined) {
        throw new HoldfastError('KEY_INVALID', 'the table is not the powers of one alpha');
      }
      await catalogue.write(await catalogue.pages('table', key.tagKeyId, 0, table));
      keep(key.tagKeyId, points);
    },
    async table(tagKeyId, sectors) {
      const known = decoded.get(tagKeyId);
      if (known !== undefined && known.length >= sectors) return rowOf(pointsOf(known, 0, sectors));
      const bytes = await catalogue.bytes('table', tagKeyId, 0, sectors * POINT_BYTES);
      if (bytes.length !== sectors * POINT_BYTES) {
        throw new HoldfastError('NOT_FOUND', `no table of ${sectors} sectors of key ${tagKeyId}`);
      }
      const table = await pool.run(tableDecoding, bytes);
      keep(tagKeyId, table);
      return table;
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
