/**
 * Which nodes keep a file: highest random weight (Thaler and Ravishankar 1998), so that a node more or less moves only
 * the files it has to.
 *
 * @module
 */
import { compareBytes, concat, fromHex, utf8 } from '@holdfast/protocol/bytes.js';
import { sha256 } from '../storage/block-cid.ts';

/** No file is kept more often. */
export const MOST_REPLICAS = 3;

/** All `nodes`, the ones that should keep the file first. */
export function ranked(fileId: string, nodes: readonly string[]): string[] {
  const weight = (node: string) => sha256(concat(fromHex(fileId), utf8(node)));
  return nodes
    .map((node) => ({ node, weight: weight(node) }))
    .toSorted((a, b) => compareBytes(b.weight, a.weight))
    .map(({ node }) => node);
}
