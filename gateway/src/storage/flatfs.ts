/**
 * Blocks in a folder, laid out as Kubo's default datastore lays them out (go-ds-flatfs, `next-to-last/2`), so that the
 * folder can become `$IPFS_PATH/blocks` of a stopped Kubo.
 *
 * @module
 */
import { mkdir, readFile, readdir, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { utf8 } from '@holdfast/protocol/bytes.js';
import { base32upper } from 'multiformats/bases/base32';
import type { CID } from 'multiformats/cid';
import { errnoOf, makeFolder, syncFolder, writeDurably } from './durable-file.ts';

const SHARDING = '/repo/flatfs/shard/v1/next-to-last/2\n';

/** File of a block below the folder: two letters before the last one, then all of them. */
export function blockPath(cid: CID): readonly [shard: string, file: string] {
  const key = base32upper.encode(cid.multihash.bytes).slice(1);
  return [key.slice(-3, -1), `${key}.data`];
}

/** One folder of blocks. Every method throws what the file system throws. */
export interface Flatfs {
  /** Durable when resolved; bytes that are there already are written once, others are replaced. */
  put(cid: CID, bytes: Uint8Array): Promise<void>;
  /** undefined where there is no such file. */
  get(cid: CID): Promise<Uint8Array | undefined>;
  has(cid: CID): Promise<boolean>;
  remove(cid: CID): Promise<void>;
  /** Throws unless the folder is there and is one of ours. */
  check(): Promise<void>;
}

/**
 * Opens the folder, making it where it is new, and drops what an earlier process left half written.
 *
 * @throws what the file system throws; an error where the folder is laid out in another way.
 */
export async function openFlatfs(folder: string): Promise<Flatfs> {
  const temporary = join(folder, '.temp');
  const sharding = join(folder, 'SHARDING');
  await makeFolder(folder);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  const isNew = (await readdir(folder)).every((name) => name === '.temp');
  if (isNew) await writeDurably(sharding, join(temporary, 'SHARDING'), utf8(SHARDING));
  await syncFolder(folder);

  let written = 0;
  const shards = new Map<string, Promise<void>>();
  /** Resolves when the shard's own name is durable, also for whoever did not make it. */
  const shardOf = async (name: string) => {
    const known = shards.get(name) ?? makeShard(folder, name);
    shards.set(name, known);
    await known.catch((error: unknown) => {
      shards.delete(name);
      throw error;
    });
  };
  const check = async () => {
    if ((await readFile(sharding, 'utf8')) !== SHARDING) {
      throw new Error(`${folder} is not laid out as next-to-last/2`);
    }
  };
  await check();

  return {
    check,
    async put(cid, bytes) {
      const [shard, file] = blockPath(cid);
      await shardOf(shard);
      const present = await absentIsUndefined(readFile(join(folder, shard, file)));
      // who wrote it may have died before its name was durable
      if (present?.equals(bytes) === true) {
        return syncFolder(join(folder, shard));
      }
      const temporaryFile = join(temporary, String(written++));
      await writeDurably(join(folder, shard, file), temporaryFile, bytes);
    },
    async get(cid) {
      const bytes = await absentIsUndefined(readFile(join(folder, ...blockPath(cid))));
      return bytes === undefined
        ? undefined
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    async has(cid) {
      return (await absentIsUndefined(stat(join(folder, ...blockPath(cid))))) !== undefined;
    },
    async remove(cid) {
      const [shard, file] = blockPath(cid);
      await absentIsUndefined(unlink(join(folder, shard, file)));
      await absentIsUndefined(syncFolder(join(folder, shard)));
    },
  };
}

async function makeShard(folder: string, shard: string): Promise<void> {
  await mkdir(join(folder, shard)).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  await syncFolder(folder);
}

async function absentIsUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
