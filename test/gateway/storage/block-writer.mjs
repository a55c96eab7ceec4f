// Writes random blocks into the folder it is told, eight at a time, and prints the CID of each once it is durable.
import { randomBytes } from 'node:crypto';
import { blockCid } from '@holdfast/protocol/file-cid.js';
import { sha256 } from '../../../gateway/dist/storage/block-cid.js';
import { openEmbeddedNode } from '../../../gateway/dist/storage/embedded-node.js';

const node = await openEmbeddedNode({ name: 'node-1', folder: process.argv[2] });
const signal = new AbortController().signal;

async function writeForEver() {
  for (;;) {
    const bytes = randomBytes(65_536);
    const cid = blockCid(sha256(bytes));
    await node.put(cid, bytes, signal);
    process.stdout.write(`${cid.toString()}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, writeForEver));
