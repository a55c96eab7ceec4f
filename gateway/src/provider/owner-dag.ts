/**
 * An owner's own DAG beside the shared content: tags, leaves and card as three files of one UnixFS folder, so that any
 * IPFS client lists and reads them.
 *
 * @module
 */
import { blockCid, fileDag } from '@holdfast/protocol/file-cid.js';
import { code, createLink, createNode, encode } from '@ipld/dag-pb';
import { UnixFS } from 'ipfs-unixfs';
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { SHA_256, sha256 } from '../storage/block-cid.ts';
import type { DagBlock } from '../storage/dag.ts';
import type { Catalogue } from './catalogue.ts';

/** Kubo's chunk. */
const CHUNK_BYTES = 262_144;

export interface OwnerDag {
  readonly cid: CID;
  /** All blocks, children before parents. */
  readonly blocks: readonly DagBlock[];
}

/** The DAG of a file's owner, from the catalogue. */
export async function ownerDag(catalogue: Catalogue, fileId: string): Promise<OwnerDag> {
  const blocks: DagBlock[] = [];
  const links = [];
  for (const kind of ['card', 'leaves', 'tags'] as const) {
    const chunks = chunksOf(await catalogue.allBytes(kind, fileId));
    const { cid, nodes } = fileDag(
      chunks.map(({ bytes, digest }) => ({ length: bytes.length, digest })),
    );
    const own = [
      ...chunks.map(({ bytes, digest }) => ({ cid: blockCid(digest), bytes })),
      ...nodes,
    ];
    const size = own.reduce((sum, { bytes }) => sum + bytes.length, 0);
    links.push(createLink(kind, size, cid));
    blocks.push(...own);
  }
  const bytes = encode(createNode(new UnixFS({ type: 'directory' }).marshal(), links));
  const cid = CID.createV1(code, create(SHA_256, sha256(bytes)));
  return { cid, blocks: [...blocks, { cid, bytes }] };
}

function chunksOf(bytes: Uint8Array): { bytes: Uint8Array; digest: Uint8Array }[] {
  return Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, i) => {
    const chunk = bytes.slice(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
    return { bytes: chunk, digest: sha256(chunk) };
  });
}
