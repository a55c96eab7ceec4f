/** Where a storage node keeps a block, in Kubo's flatfs layout: tests reach past the node to damage it. */
import { join } from 'node:path';
import { blockCid } from '@holdfast/protocol/file-cid.js';

/** @param digest - SHA-256 of the block. */
export function flatfsFile(nodeFolder: string, digest: Uint8Array = new Uint8Array(32)): string {
  const name = base32(blockCid(digest).multihash.bytes);
  return join(nodeFolder, 'blocks', name.slice(-3, -1), `${name}.data`);
}

/** RFC 4648 section 6, without padding. */
function base32(bytes: Uint8Array): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => letters[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}
