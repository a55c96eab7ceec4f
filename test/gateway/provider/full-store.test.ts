import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { HoldfastError } from '@holdfast/protocol/errors.js';
import { openCatalogue, putFile, type Catalogue } from '../../../gateway/src/provider/catalogue.ts';
import { receiveContent } from '../../../gateway/src/provider/content.ts';
import { leavesOf } from '../../../gateway/src/provider/file-rows.ts';
import { newKeyedQueue } from '../../../gateway/src/provider/keyed-queue.ts';
import type { TaggedFile } from '../../../gateway/src/provider/tagged-file.ts';
import { openEmbeddedNode } from '../../../gateway/src/storage/embedded-node.ts';
import type { StorageNode } from '../../../gateway/src/storage/storage-node.ts';
import { inChunks, manyBytes } from '../../support/sealing.ts';

const { signal } = new AbortController();
const fileId = 'ab'.repeat(32);
const CONTENT = manyBytes(20_000, 11);
const NODES = ['node-1', 'node-2'];

/** An upload of six blocks, one of them its manifest. */
const FILE: TaggedFile = {
  fileId,
  ownerId: 'cd'.repeat(32),
  request: {
    fileId,
    tagKeyId: 'ef'.repeat(32),
    blockSize: 4_096,
    paddedSize: CONTENT.length - 300,
    manifestSize: 300,
    firstUid: 0,
    taggedAt: 0,
    padding: false,
  } as unknown as TaggedFile['request'],
  terms: {
    providerId: 'Birch',
    nodes: NODES,
    pricePerEpoch: '0',
    bond: '0',
    couponId: '0'.repeat(64),
    expiryEpoch: 1,
  },
  expiresAt: '2026-11-22T09:00:00.000Z',
  contentBytes: 0,
  tagBytes: 0,
  nodes: NODES,
  incomplete: [],
  roots: [],
  state: 'uploading',
  accepted: null,
};

describe('provider: a node without room', () => {
  let folder: string;
  let catalogue: Catalogue;
  /** Blocks that the second node still takes. */
  let room: number;
  let nodes: Map<string, StorageNode>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-full-'));
    catalogue = await openCatalogue(join(folder, 'catalogue'));
    const [first, second] = await Promise.all(
      NODES.map((name) => openEmbeddedNode({ name, folder: join(folder, name) })),
    );
    if (first === undefined || second === undefined) throw new Error('two nodes were opened');
    const put = second.put.bind(second);
    second.put = async (...block) => {
      if (room-- > 0) return put(...block);
      throw new HoldfastError('STORE_FULL', 'storage node node-2 has no space left');
    };
    nodes = new Map([first, second].map((node) => [node.name, node]));
    await catalogue.write([putFile(FILE)]);
  });
  afterEach(async () => {
    await catalogue.close();
    await rm(folder, { recursive: true, force: true });
  });

  const receive = (file: TaggedFile, from: number) => {
    const store = { catalogue, nodes, exclusive: newKeyedQueue(), signal };
    return receiveContent(store, file, inChunks(CONTENT.subarray(from)), 2);
  };

  it.each([0, 1, 4])('refuses the part, %d blocks in, and takes it whole later', async (blocks) => {
    room = blocks;
    await expect(receive(FILE, 0)).rejects.toMatchObject({ code: 'STORE_FULL' });
    expect(await catalogue.file(fileId)).toEqual(FILE);
    expect(await leavesOf(catalogue, fileId)).toEqual([]);
    room = 100;
    const file = await receive(FILE, 0);
    expect(file).toMatchObject({ contentBytes: CONTENT.length, incomplete: [] });
    expect(await leavesOf(catalogue, fileId)).toHaveLength(6);
  });
});
