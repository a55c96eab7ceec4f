/**
 * A stored file as IPFS sees it: a UnixFS file with raw leaves, CIDv1, SHA-256, at most 1024 links a node, balanced,
 * which is Kubo's import profile `unixfs-v1-2025` with our blocks as chunks. The file of the CID is the padded ciphertext
 * followed by the sealed manifest; the last block of either may be short.
 *
 * @module
 */
import { platform } from '#platform';
import * as dagPb from '@ipld/dag-pb';
import { UnixFS } from 'ipfs-unixfs';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { create } from 'multiformats/hashes/digest';
import { HoldfastError } from './errors.ts';

const SHA2_256 = 0x12;
const LINKS = 1024;

/** A block as the ledger's root binds it. */
export interface StoredBlock {
  /** Bytes of ciphertext. */
  readonly length: number;
  /** SHA-256 of the ciphertext. */
  readonly digest: Uint8Array;
}

/** An inner node of a file's DAG: what has to be stored beside the blocks. */
export interface DagNode {
  readonly cid: CID;
  readonly bytes: Uint8Array;
}

export interface FileDag {
  /** Of the whole file; of its block where it has only one. */
  readonly cid: CID;
  /** Inner nodes, children before parents. */
  readonly nodes: readonly DagNode[];
}

/** The CID of a block: a raw leaf. */
export const blockCid = (digest: Uint8Array): CID =>
  CID.createV1(raw.code, create(SHA2_256, digest));

interface Subtree {
  readonly cid: CID;
  /** Bytes of file below. */
  readonly fileSize: number;
  /** Bytes of blocks and nodes below, and of itself. */
  readonly dagSize: number;
}

/**
 * (Owner, Provider) The DAG of a file from its blocks in order, of which there must be one.
 *
 * @throws `INPUT_INVALID` where there is no block.
 */
export function fileDag(blocks: readonly StoredBlock[]): FileDag {
  const nodes: DagNode[] = [];
  let level: readonly Subtree[] = blocks.map(({ length, digest }) => ({
    cid: blockCid(digest),
    fileSize: length,
    dagSize: length,
  }));
  while (level.length > 1) {
    const parents: Subtree[] = [];
    for (let i = 0; i < level.length; i += LINKS) {
      const { node, subtree } = joined(level.slice(i, i + LINKS));
      nodes.push(node);
      parents.push(subtree);
    }
    level = parents;
  }
  const [root] = level;
  if (root === undefined) throw new HoldfastError('INPUT_INVALID', 'a file without a block');
  return { cid: root.cid, nodes };
}

function joined(children: readonly Subtree[]): { node: DagNode; subtree: Subtree } {
  const blockSizes = children.map(({ fileSize }) => BigInt(fileSize));
  const links = children.map(({ cid, dagSize }) => dagPb.createLink('', dagSize, cid));
  const file = new UnixFS({ type: 'file', blockSizes });
  const bytes = dagPb.encode(dagPb.createNode(file.marshal(), links));
  const cid = CID.createV1(dagPb.code, create(SHA2_256, platform.sha256(bytes)));
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
  const fileSize = sum(children.map((child) => child.fileSize));
  const dagSize = bytes.length + sum(children.map((child) => child.dagSize));
  return { node: { cid, bytes }, subtree: { cid, fileSize, dagSize } };
}
