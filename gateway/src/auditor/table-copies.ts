/**
 * The agent's copies of owners' public tables, for checks by equation (5) without the provider's word.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { hex } from '@holdfast/protocol/bytes.js';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import type { TagKeyRecord } from '@holdfast/protocol/account-records.js';
import type { Pool } from '@holdfast/protocol/pool.js';
import { tableDecoding, type PublicTable } from '@holdfast/protocol/tag-key.js';
import { privateFile } from '../private-files.ts';

/** Decoding takes a second: the last few are held. */
const HELD = 8;

export interface TableCopies {
  /** Keeps a table that the provider has taken. */
  keep(tagKeyId: string, table: Uint8Array): Promise<void>;
  /** The points of the first `sectors`. @throws `NOT_FOUND` where the owner has to bring the table again. */
  open(tagKey: TagKeyRecord, sectors: number): Promise<PublicTable>;
}

/** (Agent) One file a table in `folder`. */
export function newTableCopies(folder: string, pool: Pool): TableCopies {
  const pathOf = (tagKeyId: string): string => join(folder, tagKeyId);
  const held = new Map<string, PublicTable>();
  return {
    async keep(tagKeyId, table) {
      await privateFile(pathOf(tagKeyId), () => table);
    },
    async open({ tagKeyId, tableDigest }, sectors) {
      const known = held.get(tagKeyId);
      if (known !== undefined && known.length >= sectors) return known;
      const bytes = await readTable(pathOf(tagKeyId), tagKeyId);
      if (hex(createHash('sha256').update(bytes).digest()) !== tableDigest) {
        throw new HoldfastError('INTERNAL', `the table of tag key ${tagKeyId} is damaged here`);
      }
      const table = await pool.run(tableDecoding, bytes.slice(0, 48 * sectors));
      held.delete(tagKeyId);
      held.set(tagKeyId, table);
      for (const oldest of held.keys()) {
        if (held.size <= HELD) break;
        held.delete(oldest);
      }
      return table;
    },
  };
}

async function readTable(path: string, tagKeyId: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new HoldfastError('NOT_FOUND', `no table of tag key ${tagKeyId}: bring it again`, {
      cause,
    });
  }
}
