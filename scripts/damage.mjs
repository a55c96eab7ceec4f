/** Damages one stored block as rot or a careless provider would: in the node's own folder, past every check. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Flips the lowest bit of the block's middle byte. `digest`: SHA-256 of the block, hex. */
export async function damageBlock(nodeFolder, digest) {
  const path = blockPath(nodeFolder, digest);
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const byte = Buffer.alloc(1);
    const at = Math.floor(size / 2);
    await file.read(byte, 0, 1, at);
    byte[0] ^= 1;
    await file.write(byte, 0, 1, at);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Kubo's flatfs layout: `blocks/<next to last two letters>/<multihash in base32, upper case>.data`. */
export function blockPath(nodeFolder, digest) {
  const name = base32(Buffer.from(`1220${digest}`, 'hex'));
  return join(nodeFolder, 'blocks', name.slice(-3, -1), `${name}.data`);
}

/** RFC 4648 section 6 without padding. */
function base32(bytes) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => letters[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}
