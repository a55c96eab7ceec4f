/**
 * CIDs of blocks: version 1, SHA-256 (multiformats), so that a leaf's CID holds the digest that the ledger's tree has.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { equalBytes } from '@holdfast/protocol/bytes.js';
import type { CID } from 'multiformats/cid';

export const SHA_256 = 0x12;
/** Codes of the two codecs of files: leaves are raw, dag-pb alone has links. */
const RAW = 0x55;
export const DAG_PB = 0x70;

export const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

/** Whether `bytes` are the ones that `cid` names; a CID with another codec or hash names nothing here. */
export const isWhole = (cid: CID, bytes: Uint8Array): boolean =>
  [RAW, DAG_PB].includes(cid.code) &&
  cid.multihash.code === SHA_256 &&
  equalBytes(sha256(bytes), cid.multihash.digest);
