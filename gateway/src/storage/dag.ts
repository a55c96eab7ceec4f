/**
 * DAGs of dag-pb nodes over raw leaves, as UnixFS builds them.
 *
 * @module
 */
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { decode } from '@ipld/dag-pb';
import type { CID } from 'multiformats/cid';
import { DAG_PB } from './block-cid.ts';

export interface DagBlock {
  readonly cid: CID;
  readonly bytes: Uint8Array;
}

/** The CIDs that a block points to; a raw leaf has none. @throws `INPUT_INVALID` where it is no dag-pb. */
function linksOf({ cid, bytes }: DagBlock): readonly CID[] {
  if (cid.code !== DAG_PB) return [];
  try {
    return decode(bytes).Links.map((link) => link.Hash);
  } catch (cause) {
    throw new HoldfastError('INPUT_INVALID', `block ${cid.toString()} is not dag-pb`, { cause });
  }
}

/**
 * Every block under `root`, root first, depth first, each once, in the order of the links.
 *
 * @param get - reads a block.
 * @throws `NOT_FOUND` naming the first block that is missing.
 */
export async function* walk(
  root: CID,
  get: (cid: CID) => Promise<Uint8Array | undefined>,
): AsyncGenerator<DagBlock> {
  const seen = new Set<string>();
  const ahead = [root];
  for (let cid = ahead.pop(); cid !== undefined; cid = ahead.pop()) {
    const key = cid.toString();
    if (seen.has(key)) continue;
    seen.add(key);
    const bytes = await get(cid);
    if (bytes === undefined) throw new HoldfastError('NOT_FOUND', `no block ${key} here`);
    yield { cid, bytes };
    ahead.push(...linksOf({ cid, bytes }).toReversed());
  }
}

/** Whether all blocks under `root` are there; leaves are looked for, not read. */
export async function firstMissing(
  root: CID,
  node: {
    get(cid: CID): Promise<Uint8Array | undefined>;
    has(cid: CID): Promise<boolean>;
  },
): Promise<CID | undefined> {
  const ahead = [root];
  for (let cid = ahead.pop(); cid !== undefined; cid = ahead.pop()) {
    if (cid.code !== DAG_PB) {
      if (!(await node.has(cid))) return cid;
      continue;
    }
    const bytes = await node.get(cid);
    if (bytes === undefined) return cid;
    ahead.push(...linksOf({ cid, bytes }));
  }
  return undefined;
}
