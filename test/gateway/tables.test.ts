/** Owners' public tables where they are kept: at the provider, and as the agent's copies for challenges at once. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hex } from '@holdfast/protocol/bytes.js';
import { ready } from '@holdfast/protocol/curve.js';
import { packRow, pointsOf } from '@holdfast/protocol/point-row.js';
import { inline, type Pool } from '@holdfast/protocol/pool.js';
import { newTableCopies } from '../../gateway/src/auditor/table-copies.ts';
import { openCatalogue, type Catalogue } from '../../gateway/src/provider/catalogue.ts';
import { newTagTables } from '../../gateway/src/provider/tag-tables.ts';
import { sha256 } from '../../gateway/src/storage/block-cid.ts';
import { seededRandom } from '../support/property.ts';
import { inChunks } from '../support/sealing.ts';
import { newTagger, type Tagger } from '../support/tagged-files.ts';
import { flipped } from '../support/tamper.ts';

/** Bytes of blocks so small that a table has five points. */
const BLOCK = 155;
const random = seededRandom();

let folder: string;
let catalogue: Catalogue;
let taggers: readonly Tagger[];
beforeAll(async () => {
  await ready();
  folder = await mkdtemp(join(tmpdir(), 'holdfast-tables-'));
  catalogue = await openCatalogue(join(folder, 'catalogue'));
  taggers = Array.from({ length: 10 }, () => newTagger(random, BLOCK));
});
afterAll(async () => {
  await catalogue.close();
  await rm(folder, { recursive: true, force: true });
});

/** Does jobs here, and counts them. */
function countingPool(): Pool & { readonly names: string[] } {
  const names: string[] = [];
  return {
    width: 1,
    names,
    run: (job, input) => {
      names.push(job.name);
      return inline.run(job, input);
    },
  };
}
const someTagger = (): Tagger => newTagger(random, BLOCK);
const announcing = ({ tagKey }: Tagger, table: Uint8Array) => ({
  ...tagKey,
  tableDigest: hex(sha256(table)),
});

describe('the provider', () => {
  const opened = (pool: Pool = inline) => newTagTables(catalogue, { pool, random });

  it('takes a table once, and knows its points', async () => {
    const [pool, { tagKey, bytes }] = [countingPool(), someTagger()];
    const tables = opened(pool);
    expect(await tables.has(tagKey.tagKeyId)).toBe(false);
    await tables.add(tagKey, inChunks(bytes));
    await tables.add(tagKey, inChunks(bytes));
    expect(pool.names).toEqual(['tableCheck']);
    expect(await tables.has(tagKey.tagKeyId)).toBe(true);
    expect(pointsOf(await tables.table(tagKey.tagKeyId, 2))).toHaveLength(2);
    expect(pool.names).toEqual(['tableCheck']);
  });

  it('has none that never came, and no more points than came', async () => {
    const tables = opened();
    const { tagKey, bytes } = someTagger();
    const { tagKeyId, sectorsMax } = tagKey;
    await expect(tables.table(tagKeyId, 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await tables.add(tagKey, inChunks(bytes));
    await expect(tables.table(tagKeyId, sectorsMax + 1)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      detail: `no table of ${sectorsMax + 1} sectors of key ${tagKeyId}`,
    });
  });

  it.each<[string, string, (tagger: Tagger) => Uint8Array]>([
    ['too long', 'has 240 bytes', ({ bytes }) => Uint8Array.of(...bytes, ...bytes)],
    ['too short', 'has 240 bytes', ({ bytes }) => bytes.slice(0, -1)],
    ['another than the ledger’s', 'not the one on the ledger', ({ bytes }) => flipped(bytes, 100)],
  ])('refuses a table that is %s', async (_, words, change) => {
    const tagger = someTagger();
    const refused = opened().add(tagger.tagKey, inChunks(change(tagger)));
    await expect(refused).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(refused).rejects.toThrow(words);
    expect(await opened().has(tagger.tagKey.tagKeyId)).toBe(false);
  });

  it('refuses what an owner announced wrongly: other powers, or no points at all', async () => {
    const [one, other] = [someTagger(), someTagger()];
    const mixed = Uint8Array.of(...one.bytes.slice(0, 96), ...other.bytes.slice(96));
    for (const [table, words] of [
      [mixed, 'not the powers of one alpha'],
      [Uint8Array.of(...one.bytes.slice(0, 48), ...new Uint8Array(192).fill(255)), 'no point'],
    ] as const) {
      const refused = opened().add(announcing(one, table), inChunks(table));
      await expect(refused).rejects.toMatchObject({ code: 'KEY_INVALID' });
      await expect(refused).rejects.toThrow(words);
    }
  });

  it('takes no failure of its own for the owner’s', async () => {
    const broken: Pool = { width: 1, run: () => Promise.reject(new Error('a thread died')) };
    const { tagKey, bytes } = someTagger();
    await expect(opened(broken).add(tagKey, inChunks(bytes))).rejects.toThrow('a thread died');
  });

  it('decodes a table once, also past the eight that it holds and past its own end', async () => {
    const pool = countingPool();
    const tables = opened(pool);
    for (const { tagKey, bytes } of taggers) await tables.add(tagKey, inChunks(bytes));
    pool.names.length = 0;
    for (const { tagKey, table } of [...taggers, ...taggers]) {
      expect(await tables.table(tagKey.tagKeyId, 5)).toEqual(table);
      expect(await opened(pool).table(tagKey.tagKeyId, 5)).toEqual(table);
    }
    expect(pool.names).toEqual([]);
  });

  it.each<[string, (kept: Uint8Array) => Uint8Array]>([
    ['are missing, as in a catalogue of before', () => new Uint8Array()],
    ['rotted', (kept) => flipped(kept, 40)],
    ['are fewer', (kept) => packRow({ length: 4, limbs: kept.slice(32, 32 + 4 * 144) })],
    [
      'mean others to this build',
      (kept) => packRow({ length: 5, limbs: kept.slice(32).reverse() }),
    ],
  ])('decodes a table again where its points %s, and mends them', async (_, change) => {
    const pool = countingPool();
    const { tagKey, bytes, table } = someTagger();
    const { tagKeyId } = tagKey;
    await opened().add(tagKey, inChunks(bytes));
    const kept = await catalogue.allBytes('points', tagKeyId);
    await catalogue.write([
      ...(await catalogue.dropPages('points', tagKeyId)),
      ...(await catalogue.pages('points', tagKeyId, 0, change(kept))),
    ]);
    expect(await opened(pool).table(tagKeyId, 5)).toEqual(table);
    expect(await opened(pool).table(tagKeyId, 5)).toEqual(table);
    expect(pool.names).toEqual(['tableDecoding']);
    expect(await catalogue.allBytes('points', tagKeyId)).toEqual(kept);
  });
});

describe('the agent', () => {
  it('keeps copies, decodes each once while it is among the last eight', async () => {
    const pool = countingPool();
    const copies = newTableCopies(join(folder, 'copies'), pool);
    for (const { tagKey, bytes } of taggers) await copies.keep(tagKey.tagKeyId, bytes);
    for (const { tagKey, table } of taggers) expect(await copies.open(tagKey, 5)).toEqual(table);
    const [first, last] = [taggers[0], taggers.at(-1)];
    pool.names.length = 0;
    if (first === undefined || last === undefined) throw new Error('there are ten');
    await copies.open(last.tagKey, 3);
    expect(pool.names).toEqual([]);
    await copies.open(first.tagKey, 3);
    expect(await copies.open(first.tagKey, 5)).toEqual(first.table);
    expect(pool.names).toEqual(['tableDecoding', 'tableDecoding']);
  });

  it('asks for a table that is not here, and does not use one that rotted', async () => {
    const place = join(folder, 'rotten');
    const copies = newTableCopies(place, inline);
    const { tagKey, bytes } = someTagger();
    await expect(copies.open(tagKey, 5)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      detail: `no table of tag key ${tagKey.tagKeyId}: bring it again`,
    });
    await copies.keep(tagKey.tagKeyId, bytes);
    await writeFile(join(place, tagKey.tagKeyId), flipped(bytes, 7));
    await expect(copies.open(tagKey, 5)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});
