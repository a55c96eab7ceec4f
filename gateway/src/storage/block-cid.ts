/**
 * CIDs of blocks: version 1, SHA-256 (multiformats), so that a leaf's CID holds the digest that the ledger's tree has.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { equalBytes } from '@holdfast/protocol/bytes.js';
import type { CID } from 'multiformats/cid';

export const SHA_256 = 0x12;
/** Code of dag-pb, the only codec with links here. */
export const DAG_PB = 0x70;

export const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

/** Whether `bytes` are the ones that `cid` names; a CID with another hash names nothing here. */
export const isWhole = (cid: CID, bytes: Uint8Array): boolean =>
  cid.multihash.code === SHA_256 && equalBytes(sha256(bytes), cid.multihash.digest);
